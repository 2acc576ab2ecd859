// What runs, as control last saw it: the instances of every app, which of them serve, and the table that follows.
// A value with no I/O; the engine's truth is poured in.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "control/options.hpp"
#include "core/model/model.hpp"
#include "core/tables/table.hpp"
#include "runtime/cluster.hpp"

namespace gasper::control {

class fleet {
 public:
    void add(runtime::observed_instance instance);
    void remove(const std::string& container);
    void mark(const std::string& container, instance_state state);
    void forget_app(const std::string& app);

    std::vector<runtime::observed_instance> all() const;
    std::vector<runtime::observed_instance> of(const std::string& app) const;
    std::vector<runtime::observed_instance> of(const std::string& app, int version) const;
    /// By its own container or its sandbox.
    const runtime::observed_instance* find(const std::string& container) const;
    std::vector<std::string> containers() const;

 private:
    std::map<std::string, std::vector<runtime::observed_instance>> apps_;
};

/// One app as the table needs it.
struct served_app {
    std::string name;
    int version{0};  // 0: nothing serves yet
    bool maintenance{false};
    std::string page;    // of the maintenance
    bool hidden{false};  // its instances get no requests
    bool held{false};    // requests wait while nothing is up
    std::uint32_t sleep_after{0};
};

/// Routes to the instances that are up and of the version that serves; address records for every app's name.
table make_table(const options& o, const std::vector<served_app>& apps, const fleet& running);

/// What a process type's instances should be against what is there: pure, so that it can be tested to the end.
struct plan {
    std::vector<std::pair<std::string, std::string>> start;  // name "web.1", process "web"
    std::vector<runtime::observed_instance> stop;
    bool empty() const noexcept { return start.empty() && stop.empty(); }
};
plan make_plan(const formation& wanted, const process_types& processes, int version,
               const std::vector<runtime::observed_instance>& observed);

}  // namespace gasper::control
