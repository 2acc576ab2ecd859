// A control plane on a scripted cluster, with a real store, real tables and real repositories, and a router that
// applies them. Destroyed and made anew it is what a kill -9 and a restart leave: the store and the cluster stay.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
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
    control_world(std::filesystem::path data, scripted_cluster& cluster) : data_(std::move(data)), cluster_(cluster) {
        settings_.data = data_;
        settings_.drain = std::chrono::seconds(0);
        settings_.start_deadline = std::chrono::seconds(5);
        platform_ = std::make_unique<control::platform>(
            std::make_unique<control::parts>(control::parts{.executor = io_.get_executor(),
                                                            .settings = settings_,
                                                            .log = log_,
                                                            .db = db_,
                                                            .box = box_,
                                                            .files = files_,
                                                            .hashing = hashing_,
                                                            .cluster = cluster_,
                                                            .services = services_,
                                                            .stacks = stacks_,
                                                            .builder = builder_,
                                                            .tables = tables_,
                                                            .jobs = jobs_,
                                                            .background = background_}));
        scope_.spawn("tables", tables_.run());
        who_ = settle(platform_->accounts().ensure_user("ann", "password", true)).value();
        router_ = std::make_unique<scripted_router>(io_.get_executor(), data_ / "feed.sock");
    }

    ~control_world() {
        settle_all(jobs_.stop(deadline::after(std::chrono::seconds(5))));
        settle_all(background_.stop(deadline::after(std::chrono::seconds(5))));
        settle_all(router_->stop());
        settle_all(scope_.stop(deadline::after(std::chrono::seconds(5))));
    }

    template <class T>
    T settle(task<T> work) {
        std::optional<T> value;
        auto keep = [](task<T> w, std::optional<T>& v) -> task<> { v.emplace(co_await std::move(w)); };
        asio::co_spawn(io_, keep(std::move(work), value), asio::detached);
        const bool done = until([&] { return value.has_value(); });
        if (!done) throw std::runtime_error("the coroutine did not end in time");
        return std::move(*value);
    }

    void run(task<> work) {
        auto done = [](task<> w) -> task<bool> {
            co_await std::move(w);
            co_return true;
        };
        (void)settle(done(std::move(work)));
    }

    /// Runs handlers until `condition` holds; false after ten seconds.
    bool until(const std::function<bool()>& condition) {
        const auto limit = deadline::after(std::chrono::seconds(10));
        io_.restart();
        while (!condition()) {
            if (limit.expired()) return false;
            io_.run_one_for(std::chrono::milliseconds(5));
            if (io_.stopped()) io_.restart();
        }
        return true;
    }

    job_state finish(job_id id) {
        job j;
        until([&] {
            j = settle(jobs_.info(id)).value();
            return j.state != job_state::waiting && j.state != job_state::running;
        });
        return j.state;
    }

    /// A release with code that serves, written without a build; its instances are started by recover().
    release deployed(const std::string& name, const std::string& commit = std::string(40, 'a')) {
        return settle(db_.transaction([&](SQLite::Database& db) {
            auto a = store::find_app(db, name);
            const auto id = a ? a->id : store::add_app(db, name, who_.id);
            auto r = store::add_release(db, box_,
                                        {.app = id,
                                         .commit = commit,
                                         .description = "Deploy",
                                         .user = "ann",
                                         .code = {"", "stack"},
                                         .processes = {{"web", "serve"}}});
            store::make_current(db, r, "static", {{"web", 1}});
            return r;
        }));
    }

    /// The addresses that the newest table routes an app to.
    std::vector<std::string> routed(const std::string& app) {
        std::vector<std::string> addresses;
        for (const auto& r : tables_.current()->routes)
            if (r.app == app)
                for (const auto& i : r.instances)
                    addresses.push_back(i.address);
        return addresses;
    }

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

    control::platform& platform() { return *platform_; }
    table_publisher& tables() { return tables_; }
    scripted_router& router() { return *router_; }
    job_runner& jobs() { return jobs_; }
    task_scope& scope() { return scope_; }
    const control::identity& who() const { return who_; }
    const secret_box& box() const { return box_; }

 private:
    void settle_all(task<bool> stopping) { (void)settle(std::move(stopping)); }

    std::filesystem::path data_;
    scripted_cluster& cluster_;
    asio::io_context io_{1};
    logger log_{"test", log_level::error};
    secret_box box_{{1, 2, 3}};
    database db_{data_ / "gasper.db"};
    blocking_pool files_{"files", 1}, hashing_{"hashing", 1};
    runtime::engine_client engine_{io_.get_executor(), {.socket = data_ / "no-engine.sock"}, log_};
    runtime::app_networks networks_{engine_, {.id = "test", .pool = "10.213.0.0/16"}, log_};
    runtime::service_host services_{engine_, networks_, {.id = "test"}, log_};
    runtime::stacks stacks_{io_.get_executor(), engine_, {}, log_};
    buildpacks::builder builder_{cluster_, stacks_, files_, {}, log_};
    table_publisher tables_{io_.get_executor(), {.file = data_ / "table.json", .socket = data_ / "feed.sock"}, log_};
    job_runner jobs_{io_.get_executor(), db_, {.logs = data_ / "jobs"}, log_};
    task_scope background_{io_.get_executor(), {}};
    task_scope scope_{io_.get_executor(), {}};
    control::options settings_;
    std::unique_ptr<control::platform> platform_;
    control::identity who_;
    std::unique_ptr<scripted_router> router_;
};

}  // namespace gasper::test
