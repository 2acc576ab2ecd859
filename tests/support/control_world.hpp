// A control plane on a scripted cluster, with a real store, real tables and real repositories, and a router that
// applies them. Destroyed and made anew it is what a kill -9 and a restart leave: the store and the cluster stay.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <boost/asio/io_context.hpp>

#include "control/parts.hpp"
#include "control/platform.hpp"
#include "core/store/accounts.hpp"
#include "core/store/apps.hpp"
#include "runtime/engine/client.hpp"
#include "runtime/host/networks.hpp"
#include "tests/support/scripted_cluster.hpp"
#include "tests/support/scripted_router.hpp"

namespace gasper::test {

class control_world {
 public:
    /// `adjust`: settings that are not the usual ones. `databases`: the engine that runs them; none: it is away.
    control_world(std::filesystem::path data, scripted_cluster& cluster,
                  const std::function<void(control::options&)>& adjust = {}, service_engine* databases = nullptr);

    ~control_world();

    /// From the moment that this is true on, no handler runs; settle() throws.
    void ends_when(std::function<bool()> ended) { ended_ = std::move(ended); }

    template <class T>
    T settle(task<T> work) {
        auto value = std::make_shared<std::optional<T>>();
        auto keep = [](task<T> w, std::shared_ptr<std::optional<T>> v) -> task<> { v->emplace(co_await std::move(w)); };
        run(keep(std::move(work), value));
        return std::move(**value);
    }

    /// Until it has ended; throws what it throws, and if it does not end in time.
    void run(task<> work);

    /// Runs handlers until `condition` holds; false after ten seconds.
    bool until(const std::function<bool()>& condition);

    job_state finish(job_id id);

    /// A release with code that serves, written without a build; its instances are started by recover().
    release deployed(const std::string& name, const std::string& commit = std::string(40, 'a'));

    /// The addresses that the newest table routes an app to.
    std::vector<std::string> routed(const std::string& app);

    /// In one transaction.
    template <class F>
    auto store(F fn) {
        if constexpr (std::is_void_v<std::invoke_result_t<F, SQLite::Database&>>) {
            auto told = [fn = std::move(fn)](SQLite::Database& db) mutable {
                fn(db);
                return true;
            };
            (void)settle(db_.transaction(std::move(told)));
        } else {
            return settle(db_.transaction(std::move(fn)));
        }
    }

    template <class F>
    auto read(F fn) {
        return settle(db_.read(std::move(fn)));
    }

    control::platform& platform() { return *platform_; }
    table_publisher& tables() { return tables_; }
    scripted_router& router() { return *router_; }
    job_runner& jobs() { return jobs_; }
    task_scope& scope() { return scope_; }
    const control::identity& who() const { return who_; }
    const secret_box& box() const { return box_; }

 private:
    static runtime::stack_options service_images();

    std::filesystem::path data_;
    scripted_cluster& cluster_;
    asio::io_context io_{1};
    logger log_{"test", log_level::error};
    secret_box box_{{1, 2, 3}};
    database db_{data_ / "gasper.db"};
    blocking_pool files_{"files", 1}, hashing_{"hashing", 1};
    std::unique_ptr<scripted_engine> daemon_;
    runtime::engine_client engine_{
        io_.get_executor(), {.socket = daemon_ ? daemon_->path() : data_ / "no-engine.sock"}, log_};
    runtime::app_networks networks_{engine_, {.id = "test", .pool = "10.213.0.0/16"}, log_};
    runtime::service_host services_{engine_, networks_, {.id = "test"}, log_};
    runtime::stacks stacks_{io_.get_executor(), engine_, service_images(), log_};
    buildpacks::builder builder_{cluster_, stacks_, files_, {}, log_};
    table_publisher tables_{io_.get_executor(), {.file = data_ / "table.json", .socket = data_ / "feed.sock"}, log_};
    job_runner jobs_{io_.get_executor(), db_, {.logs = data_ / "jobs"}, log_};
    task_scope background_{io_.get_executor(), {}};
    task_scope scope_{io_.get_executor(), {}};
    control::options settings_;
    std::unique_ptr<control::platform> platform_;
    control::identity who_;
    std::unique_ptr<scripted_router> router_;
    int settling_{0};
    std::function<bool()> ended_;
};

}  // namespace gasper::test
