#include "control/one_offs.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <nlohmann/json.hpp>

#include "control/audit.hpp"
#include "control/awake.hpp"
#include "control/one_off_jobs.hpp"
#include "control/platform.hpp"
#include "control/volume_mounts.hpp"

namespace gasper::control {

namespace {

constexpr std::size_t most_at_once = 20;  // per app

result<> check_room(const parts& p, const std::string& app) {
    if (p.one_offs.of(app).size() < most_at_once) return {};
    return fail(errc::rate_limited, "too_many_runs",
                "at most " + std::to_string(most_at_once) + " one-off processes of an app run at once; see run:list");
}

// A detached one is a job, which is written down as one. A full disk keeps nobody out: he may be there to make room.
task<> record_attached(parts& p, one_off what) {
    try {
        co_await record(p, what.user, "run.attached", what.app, what.name);
    } catch (const refusal& e) {
        p.log.warn("an attached process is not written down",
                   {{"app", what.app}, {"user", what.user}, {"reason", e.what()}});
    }
}

// A person's terminal that can also be ended from elsewhere, and says in the app's log how it ended.
class attached_terminal final : public runtime::terminal {
 public:
    attached_terminal(parts& p, app_id id, std::unique_ptr<registered_run> held,
                      std::unique_ptr<runtime::terminal> inner)
        : p_(p), app_(id), held_(std::move(held)), inner_(std::move(inner)), stopped_(p.executor) {
        stopped_.expires_at(asio::steady_timer::time_point::max());
        p_.one_offs.on_stop(held_->what().app, held_->what().name, [this] {
            is_stopped_ = true;
            stopped_.cancel();
        });
    }
    ~attached_terminal() override { p_.background.spawn("run ended", note(p_, app_, held_->what().name + " " + end_)); }

    task<result<chunk>> read() override {
        using namespace asio::experimental::awaitable_operators;
        if (is_stopped_) co_return was_stopped();
        auto either = co_await (inner_->read() || wait_stopped());
        if (either.index() == 1) co_return was_stopped();
        co_return std::get<0>(std::move(either));
    }
    task<result<>> write(std::string data) override { return inner_->write(std::move(data)); }
    task<result<>> close_input() override { return inner_->close_input(); }
    task<result<>> resize(int columns, int rows) override { return inner_->resize(columns, rows); }
    task<result<int>> exit_status() override {
        auto status = co_await inner_->exit_status();
        end_ = status ? "exited with status " + std::to_string(*status) : "ended: " + status.error().message;
        co_return status;
    }

 private:
    task<> wait_stopped() {
        boost::system::error_code woken;
        co_await stopped_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
        if (!is_stopped_) throw boost::system::system_error(asio::error::operation_aborted);
    }
    error was_stopped() {
        end_ = "was stopped";
        return fail(errc::cancelled, "run_stopped", held_->what().name + " was stopped");
    }

    parts& p_;
    app_id app_;
    std::unique_ptr<registered_run> held_;
    std::unique_ptr<runtime::terminal> inner_;
    asio::steady_timer stopped_;
    bool is_stopped_{false};
    std::string end_{"ended: its client went away"};
};

std::string begun(const one_off& what) {
    return "Starting process " + what.name + " with command `" + what.command + "` by " + what.user;
}

}  // namespace

task<result<std::unique_ptr<runtime::terminal>>> one_offs::attach(identity who, run_request request) {
    auto found = co_await platform_.apps().authorize(who, request.app);
    if (!found) co_return found.error();
    if (auto fits = check_command(request.command); !fits) co_return fits.error();
    auto& p = platform_.shared();
    auto c = co_await load_running_code(p, found->id);
    if (!c) co_return c.error();
    if (auto room = check_room(p, request.app); !room) co_return room.error();
    one_off wanted{.app = request.app, .command = request.command, .user = who.name, .version = c->r.version};
    auto held = std::make_unique<registered_run>(p, std::move(wanted), "run");
    // It may be stopped before its terminal is there.
    auto stopped = std::make_shared<bool>(false);
    p.one_offs.on_stop(request.app, held->what().name, [stopped] { *stopped = true; });
    co_await note(p, found->id, begun(held->what()));
    co_await record_attached(p, held->what());
    auto awake = co_await keep_awake(p, found->id, request.app, who.name + " (" + held->what().name + ")");
    auto spec = one_off_spec(p, *c, held->what());
    spec.mounts = co_await mounts_for(p, c->a.name, c->r.version);
    if (request.terminal) spec.env["TERM"] = request.term;
    runtime::exec_options how{.terminal = request.terminal, .columns = request.columns, .rows = request.rows};
    const auto until = deadline::after(p.settings.start_deadline);
    auto opened = co_await p.cluster.open_once(std::move(spec), std::move(how), until);
    if (!opened) co_return opened.error();
    if (*stopped) co_return fail(errc::cancelled, "run_stopped", held->what().name + " was stopped");
    auto made = std::make_unique<attached_terminal>(p, found->id, std::move(held), std::move(*opened));
    co_return keep_awake_while(std::move(made), std::move(awake));
}

task<result<one_off>> one_offs::detach(identity who, std::string name, std::string command) {
    auto found = co_await platform_.apps().authorize(who, name);
    if (!found) co_return found.error();
    if (auto fits = check_command(command); !fits) co_return fits.error();
    auto& p = platform_.shared();
    auto c = co_await load_running_code(p, found->id);
    if (!c) co_return c.error();
    if (auto room = check_room(p, name); !room) co_return room.error();
    one_off wanted{.app = name, .command = command, .user = who.name, .version = c->r.version};
    auto held = std::make_shared<registered_run>(p, std::move(wanted), "run");
    auto what = held->what();
    const nlohmann::json input{{"name", what.name}, {"command", command}, {"version", what.version}};
    job description{.kind = "run", .key = name + "/" + what.name, .input = input.dump(), .user = who.name};
    co_await note(p, found->id, begun(what));
    auto hold = co_await keep_awake(p, found->id, name, who.name + " (" + what.name + ")");
    auto awake = std::make_shared<awake_hold>(std::move(hold));
    auto run = [&p, id = found->id, held = std::move(held), awake = std::move(awake)](job_context& job) {
        return run_one_off(p, id, held, now(), job);
    };
    auto id = co_await p.jobs.start(std::move(description), std::move(run));
    if (!id) co_return id.error();
    what.job = *id;
    p.one_offs.set_job(name, what.name, *id);
    co_return what;
}

task<result<std::vector<one_off>>> one_offs::list(identity who, std::string name) {
    auto found = co_await platform_.apps().authorize(who, name);
    if (!found) co_return found.error();
    co_return platform_.shared().one_offs.of(name);
}

task<result<>> one_offs::stop(identity who, std::string name, std::string which) {
    auto found = co_await platform_.apps().authorize(who, name);
    if (!found) co_return found.error();
    auto& p = platform_.shared();
    const auto* running = p.one_offs.find(name, which);
    if (!running) co_return fail(errc::not_found, "run_not_found", name + " has no one-off process " + which);
    if (running->job) co_return co_await p.jobs.cancel(running->job, who.name);
    p.one_offs.stop(name, which);
    co_return result<>();
}

}  // namespace gasper::control
