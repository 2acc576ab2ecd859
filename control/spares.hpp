// Sandboxes made ahead of their instances, at most one per app. A push's is made while the push is still received and
// built; one that nobody takes is removed. A sleeping app's stays until it wakes (control/sleep_sandboxes says which).
// All calls come from the control executor.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/log.hpp"
#include "core/base/task_scope.hpp"
#include "runtime/cluster.hpp"

namespace gasper::control {

class spare_sandboxes {
 public:
    spare_sandboxes(runtime::cluster& cluster, task_scope& background, logger& log)
        : cluster_(cluster), background_(background), log_(log) {}

    /// Begins to make one for the app, unless there is one.
    void expect(std::string app);
    /// Makes one unless there is one, and it stays until it is taken or dropped. False: it could not be made.
    task<bool> keep(std::string app);
    /// An earlier process kept it, and it is kept on.
    void adopt(std::string app, runtime::sandbox found);

    /// The app's, waiting for it when it is just being made; none when nobody expected one or it failed.
    task<std::optional<runtime::sandbox>> take(std::string app);
    task<> drop(std::string app);
    /// Drops what was only expected.
    task<> drop_unless_kept(std::string app);
    /// Drops those that the engine does not run any more.
    task<> drop_dead();

    /// The apps whose sandboxes stay.
    std::vector<std::string> kept() const;
    /// The sandboxes' containers.
    std::vector<std::string> containers() const;

 private:
    struct entry {
        explicit entry(const asio::any_io_executor& executor) : made(executor) {
            made.expires_at(asio::steady_timer::time_point::max());
        }
        std::optional<runtime::sandbox> sandbox;
        bool ended{false};
        bool kept{false};
        asio::steady_timer made;
    };
    using entry_pointer = std::shared_ptr<entry>;
    task<bool> make(std::string app, entry_pointer into);
    task<> make_expected(std::string app, entry_pointer into);
    void forget(const std::string& app, const entry_pointer& which);
    bool is_kept(const std::string& app) const;

    runtime::cluster& cluster_;
    task_scope& background_;
    logger& log_;
    std::map<std::string, entry_pointer> spares_;
};

}  // namespace gasper::control
