// Which apps sleep, as control knows it while it runs; the store keeps the stages over a restart. A value with no I/O,
// of control's executor.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/base/deadline.hpp"
#include "core/store/routing.hpp"

namespace gasper::control {

class sleep_book {
 public:
    struct entry {
        store::sleep_stage stage{store::sleep_stage::awake};
        bool hidden{false};                  // its instances get no requests: they are frozen, or about to be
        bool changing{false};                // between two stages: one at a time
        bool asked{false};                   // a request came while it was changing
        bool rising{false};                  // awake, and nothing is up yet
        int people{0};                       // with a shell or a one-off in it: it stays awake
        deadline::clock::time_point left{};  // the last of them
        std::chrono::seconds stop_after{0};  // frozen for so long, it is stopped
        deadline::clock::time_point since{};
    };

    entry& of(const std::string& app) { return apps_[app]; }
    const entry* find(const std::string& app) const {
        const auto at = apps_.find(app);
        return at == apps_.end() ? nullptr : &at->second;
    }
    void forget(const std::string& app) { apps_.erase(app); }

    store::sleep_stage stage(const std::string& app) const {
        const auto* e = find(app);
        return e ? e->stage : store::sleep_stage::awake;
    }
    /// What its instances are is the sleep's business: nothing is to be started, checked or replaced.
    bool sleeps(const std::string& app) const {
        const auto* e = find(app);
        return e && (e->hidden || e->stage != store::sleep_stage::awake);
    }
    bool hides(const std::string& app) const {
        const auto* e = find(app);
        return e && e->hidden;
    }
    /// Requests are held rather than refused while nothing is up.
    bool holds(const std::string& app) const {
        const auto* e = find(app);
        return e && (e->hidden || e->rising || e->stage != store::sleep_stage::awake);
    }

    /// Those that were stopped last, the newest first; no more than `most`.
    std::vector<std::string> stopped_last(std::size_t most) const {
        std::vector<std::pair<deadline::clock::time_point, std::string>> found;
        for (const auto& [app, e] : apps_)
            if (e.stage == store::sleep_stage::stopped) found.emplace_back(e.since, app);
        std::sort(found.begin(), found.end(), std::greater<>());
        if (found.size() > most) found.resize(most);
        std::vector<std::string> names;
        for (auto& [since, app] : found)
            names.push_back(std::move(app));
        return names;
    }
    bool rises(const std::string& app) const {
        const auto* e = find(app);
        return e && e->rising;
    }

    const std::map<std::string, entry>& all() const { return apps_; }

 private:
    std::map<std::string, entry> apps_;
};

}  // namespace gasper::control
