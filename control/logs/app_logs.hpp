// The logs of apps as control keeps them: a collector for each container, the router's access lines, Gasper's own
// events, one store. All calls come from the control executor.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "control/fleet.hpp"
#include "control/logs/access_tail.hpp"
#include "control/logs/collector.hpp"
#include "control/options.hpp"
#include "core/base/task_scope.hpp"
#include "core/model/model.hpp"

namespace gasper::control {

class app_logs {
 public:
    app_logs(const options& settings, const fleet& running, runtime::cluster& cluster, task_scope& background,
             logger& log);

    log_store& store() { return store_; }

    /// Collects the container's output until it ends; again when it was started again. Cheap when it is collected
    /// already.
    void follow(const runtime::observed_instance& instance);
    /// Waits until what the ended container said is kept, at most until then.
    task<> drained(std::string container, deadline until);

    /// Takes on an app: from here on lines for it are kept.
    void admit(const std::string& app) { store_.admit(app); }
    void remove(const std::string& app);
    /// Gasper's own word on an app. `id`: of the event in the store, 0 when it is none.
    void say(const std::string& app, sys_time at, std::string text, std::int64_t id = 0);
    /// Output that belongs to the app but to no instance that is followed: "app[run.1]".
    void say_output(const std::string& app, const std::string& process, std::string_view text);

    /// The router's lines, from where the last process was.
    void follow_router(std::map<std::string, sys_time> apps_created);

 private:
    task<> collect(std::shared_ptr<log_collector> collector, std::string container);
    task<> say_dropped(std::string app, std::shared_ptr<log_flow> flow);
    std::shared_ptr<log_flow> flow_of(const std::string& app);

    const options& settings_;
    const fleet& running_;
    runtime::cluster& cluster_;
    task_scope& background_;
    logger& log_;
    log_store store_;
    std::map<std::string, std::shared_ptr<log_flow>> flows_;            // by app
    std::map<std::string, std::shared_ptr<log_collector>> collectors_;  // by container
    asio::steady_timer ended_;
    std::unique_ptr<access_tail> router_;
};

}  // namespace gasper::control
