// What control's use cases share. For control's own sources and for gasper/serve.cpp, which makes it.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "buildpacks/builder.hpp"
#include "control/cron_board.hpp"
#include "control/disk_watch.hpp"
#include "control/fleet.hpp"
#include "control/identity.hpp"
#include "control/logs/app_logs.hpp"
#include "control/one_off_registry.hpp"
#include "control/options.hpp"
#include "control/placing.hpp"
#include "control/services/board.hpp"
#include "control/services/doors.hpp"
#include "control/services/tunnels.hpp"
#include "control/sleep_book.hpp"
#include "control/spares.hpp"
#include "control/start_book.hpp"
#include "core/base/aging_clock.hpp"
#include "core/base/asio.hpp"
#include "core/base/blocking.hpp"
#include "core/base/crypto.hpp"
#include "core/base/log.hpp"
#include "core/base/task_scope.hpp"
#include "core/jobs/runner.hpp"
#include "core/store/database.hpp"
#include "core/tables/publisher.hpp"
#include "runtime/cluster.hpp"
#include "runtime/services/service_host.hpp"
#include "runtime/stacks/stacks.hpp"

namespace gasper::control {

struct parts {
    asio::any_io_executor executor;
    const options& settings;
    logger& log;
    database& db;
    const secret_box& box;
    blocking_pool& files;    // git and the file system
    blocking_pool& hashing;  // Argon2id
    runtime::cluster& cluster;
    runtime::service_host& services;
    runtime::stacks& stacks;
    buildpacks::builder& builder;
    table_publisher& tables;
    job_runner& jobs;
    task_scope& background;  // drains, supervision: work that no caller waits for

    fleet running;
    start_book starts;
    sleep_book sleep;
    one_off_registry one_offs;
    cron_board cron{executor};
    service_board service_servers{};
    service_doors doors{background, log};
    tunnel_book tunnels{};
    spare_sandboxes spares{cluster, background, log};
    node_book machines;
    control::placing placing{cluster, machines};
    std::function<sys_time()> clock{&gasper::now};
    aging_clock aging{};  // of what is removed, or given up, by age: see old_now()
    disk_watch disk{settings.disk_full};
    std::deque<disk_watch::crossing> untold;  // not in the audit yet
    std::unique_ptr<app_logs> logs{};         // made by the platform: it looks at `running`, in its last place
    struct restart_state {
        int in_row{0};                                       // ends of one release, none after a calm time
        int release{0};                                      // whose ends these are
        std::optional<deadline::clock::time_point> ready{};  // since then it serves; none: it has not since its end
        bool pending{false};                                 // it is being started again, now or after its back-off
        bool no_room{false};                                 // what was counted last: that is no crash
    };
    std::map<std::string, restart_state> restarts;  // by "app/web.1"
    std::uint64_t engine_returns{0};                // grows when it is back: nothing is waited out any more
    std::set<std::string> strays;                   // containers seen once that nobody here started
};

/// What time it is for what is removed, or given up, by its age: a clock that jumped makes nothing old.
sys_time old_now(parts& p);

/// Records an event of an app: it appears in the app's log as source gasper.
task<> note(parts& p, app_id id, std::string text);

/// Takes on the logs of all apps and instances that are there, from where an earlier process ended.
task<> begin_logs(parts& p);
/// Ends an instance, lets its last lines be read, removes it.
task<result<>> stop_instance(parts& p, runtime::observed_instance instance, std::chrono::milliseconds grace);

/// Publishes the table of what runs now. The version.
task<std::uint64_t> publish(parts& p);
/// Publishes and waits until the local router applied it; a router that is away is logged, not waited for long.
task<> publish_and_wait(parts& p);

std::filesystem::path repository_of(const parts& p, const std::string& app);
std::filesystem::path app_directory(const parts& p, const std::string& app);

}  // namespace gasper::control
