#include "core/jobs/runner.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <boost/system/system_error.hpp>

#include "core/store/jobs.hpp"

namespace gasper {

line_sink job_context::sink() {
    return [log = log_](std::string_view line) { log->append(line); };
}

error job_context::refusal_for(const std::exception_ptr& fault) const {
    try {
        std::rethrow_exception(fault);
    } catch (const refusal& e) {
        return e.reason();
    } catch (const boost::system::system_error& e) {
        if (e.code() == asio::error::operation_aborted) throw;
        return fail(errc::failed, "internal", std::string("internal error: ") + e.what());
    } catch (const std::exception& e) {
        return fail(errc::failed, "internal", std::string("internal error: ") + e.what());
    }
}

task<> job_context::step(std::string name) {
    co_await db_.transaction([&](SQLite::Database& db) { store::set_job_step(db, id_, name); });
}

task<> job_context::mark(std::string name) {
    co_await db_.mark([&](SQLite::Database& db) { store::set_job_step(db, id_, name); });
}

void job_context::step_in(SQLite::Database& db, const std::string& name) const {
    store::set_job_step(db, id_, name);
}

job_runner::job_runner(asio::any_io_executor executor, database& db, options o, logger& log)
    : executor_(executor),
      db_(db),
      options_(std::move(o)),
      log_(log),
      scope_(executor, [this](const std::string& name, const std::string& what) {
          log_.error("a job queue failed", {{"key", name}, {"reason", what}});
      }) {
    std::filesystem::create_directories(options_.logs);
}

task<result<job_id>> job_runner::start(job description, work run) {
    const auto key = description.key;
    if (auto found = queues_.find(key); found != queues_.end() && found->second.size() > options_.most_waiting)
        co_return fail(errc::rate_limited, "too_many_jobs", "too many jobs of " + key + " are waiting already");
    description.state = job_state::waiting;
    const auto id = co_await db_.transaction([&](SQLite::Database& db) { return store::add_job(db, description); });
    enqueue(key, {.id = id, .parent = description.parent, .run = std::move(run)}, true);
    co_return id;
}

void job_runner::resume(const job& cut, job_past past, work run) {
    enqueue(cut.key, {.id = cut.id, .parent = cut.parent, .run = std::move(run), .past = std::move(past)}, false);
}

void job_runner::enqueue(const std::string& key, pending next, bool say_why) {
    if (scope_.cancelled()) return;  // this program ends: what is in the store is the next start's
    next.log = std::make_shared<job_log>(executor_, log_file(next.id));
    next.control = std::make_shared<job_control>();
    logs_[next.id] = next.log;
    const bool idle = !queues_.contains(key);
    auto& line = queues_[key];
    if (!idle && say_why)
        next.log->append("-----> Waiting for job " + std::to_string(line.front().id.value) + " of " + key + " to end");
    line.push_back(std::move(next));
    if (idle) scope_.spawn(key, drain(key));
}

task<> job_runner::drain(std::string key) {
    auto& line = queues_[key];
    while (!line.empty()) {
        co_await run_one(line.front());
        line.pop_front();
    }
    queues_.erase(key);
}

task<result<>> job_runner::guarded(pending& next) {
    job_context context(next.id, db_, next.log, next.control, next.past);
    std::string fault;
    try {
        auto outcome = co_await next.run(context);
        next.afterwards = context.afterwards();
        co_return outcome;
    } catch (const refusal& e) {
        co_return e.reason();
    } catch (const boost::system::system_error& e) {
        if (e.code() == asio::error::operation_aborted) throw;
        fault = e.what();
    } catch (const std::exception& e) {
        fault = e.what();
    }
    if (next.control->cancelled_by.empty())
        log_.error("a job met a fault", {{"job", next.id.value}, {"reason", fault}});
    co_return fail(errc::failed, "internal", "internal error: " + fault);
}

// The work in a scope of its own: it can be cancelled without the queue that it stands in.
task<result<>> job_runner::outcome_of(pending& next) {
    task_scope own(executor_, {});
    std::optional<result<>> outcome;
    own.spawn("job", store_in(outcome, guarded(next)));
    next.running = &own;
    std::exception_ptr stopped;
    try {
        co_await own.join();
    } catch (...) {
        stopped = std::current_exception();
    }
    if (stopped) {
        co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
        own.cancel();
        co_await own.join();
    }
    next.running = nullptr;
    const auto& by = next.control->cancelled_by;
    if (outcome && (*outcome || by.empty())) co_return *outcome;
    if (!by.empty()) co_return fail(errc::cancelled, "cancelled", std::string(cancelled_by) + by);
    throw boost::system::system_error(asio::error::operation_aborted);
}

// A disk that is full must not leave the job running for ever, and its app with it: its end is written when there is
// room again.
task<> job_runner::settle_at_last(job_id id, job_state state, std::string reason) {
    for (bool told = false;; told = true) {
        try {
            co_await settle(id, state, reason);
            co_return;
        } catch (const refusal& e) {
            if (!told) log_.error("a job's end waits", {{"job", id.value}, {"reason", e.what()}});
        }
        co_await sleep_until(deadline::after(std::chrono::seconds(1)));
    }
}

task<result<>> job_runner::begin(pending& next) {
    if (!next.control->cancelled_by.empty())
        co_return fail(errc::cancelled, "cancelled", "cancelled by " + next.control->cancelled_by);
    try {
        co_await settle(next.id, job_state::running, "");
    } catch (const refusal& e) {
        co_return e.reason();
    }
    co_return result<>();
}

task<> job_runner::end(pending& next, job_state state, std::string reason) {
    next.over = true;
    co_await settle_at_last(next.id, state, reason);
    log_.info("job ended", {{"job", next.id.value}, {"state", std::string(to_string(state))}, {"reason", reason}});
    next.log->close();
    logs_.erase(next.id);
    if (next.afterwards) co_await next.afterwards();
}

task<> job_runner::run_one(pending& next) {
    auto outcome = co_await begin(next);
    if (outcome) outcome = co_await outcome_of(next);
    const auto state = outcome                                   ? job_state::succeeded
                       : outcome.error().kind == errc::cancelled ? job_state::aborted
                                                                 : job_state::failed;
    auto reason = outcome ? std::string() : outcome.error().message;
    if (state == job_state::aborted) next.log->append(" !     The job was " + reason + ".");
    co_await end(next, state, std::move(reason));
}

// Taken out of the line first: nobody begins it while its end is written. In the scope: also when whoever cancels goes.
void job_runner::cancel_waiting(const std::string& key, job_id id) {
    auto& line = queues_.at(key);
    auto taken = std::make_shared<queue>();
    for (auto at = line.begin(); at != line.end(); ++at)
        if (at->id == id) {
            taken->splice(taken->end(), line, at);
            break;
        }
    scope_.spawn("cancelled job", abort_waiting(std::move(taken)));
}

task<> job_runner::abort_waiting(std::shared_ptr<queue> taken) {
    auto& gone = taken->front();
    const auto reason = "cancelled by " + gone.control->cancelled_by;
    gone.log->append(" !     The job was " + reason + " before it began.");
    co_await end(gone, job_state::aborted, reason);
}

task<result<>> job_runner::cancel(job_id id, std::string by) {
    const auto named = "job " + std::to_string(id.value);
    std::vector<job_id> children;
    std::string key;
    pending* found = nullptr;
    for (auto& [name, line] : queues_)
        for (auto& each : line) {
            if (each.parent == id) children.push_back(each.id);
            if (each.id != id) continue;
            key = name;
            found = &each;
        }
    if (!found || found->over) {
        auto known = co_await info(id);
        if (!known) co_return known.error();
        co_return fail(errc::conflict, "job_over",
                       named + " has ended already: " + std::string(to_string(known->state)));
    }
    if (found->control->committed)
        co_return fail(errc::conflict, "job_committed", named + " is past the point where it could be cancelled");
    const bool waits = found != &queues_.at(key).front();
    found->control->cancelled_by = by;
    // A restart must not go on with it.
    scope_.spawn("cancelled", mark_cancelled(id, by));
    if (!waits && found->running) found->running->cancel();
    if (waits) cancel_waiting(key, id);
    for (const auto child : children)
        (void)co_await cancel(child, by);  // one that has ended meanwhile is as well
    co_return result<>();
}

task<> job_runner::mark_cancelled(job_id id, std::string by) {
    co_await db_.transaction(
        [&](SQLite::Database& db) { store::set_job_reason(db, id, std::string(cancelled_by) + by); });
}

task<bool> job_runner::stop(deadline until) {
    const bool ended = co_await scope_.stop(until);
    if (ended) queues_.clear();
    co_return ended;
}

void job_runner::forget_logs(const std::vector<job_id>& removed) {
    std::error_code ignored;
    for (const auto id : removed)
        if (!logs_.contains(id)) std::filesystem::remove(log_file(id), ignored);
}

task<result<job>> job_runner::info(job_id id) {
    auto found = co_await db_.read([id](SQLite::Database& db) { return store::find_job(db, id); });
    if (!found) co_return fail(errc::not_found, "job_not_found", "there is no job " + std::to_string(id.value));
    co_return *found;
}

task<result<std::shared_ptr<job_log>>> job_runner::log_of(job_id id) {
    if (auto running = logs_.find(id); running != logs_.end()) co_return running->second;
    auto known = co_await info(id);
    if (!known) co_return known.error();
    if (auto running = logs_.find(id); running != logs_.end()) co_return running->second;
    auto log = std::make_shared<job_log>(executor_, log_file(id));
    log->close();
    co_return log;
}

task<std::vector<job>> job_runner::interrupted() {
    auto unfinished = co_await db_.read([](SQLite::Database& db) { return store::unfinished_jobs(db); });
    std::erase_if(unfinished, [this](const job& j) { return logs_.contains(j.id); });
    co_return unfinished;
}

task<> job_runner::settle(job_id id, job_state state, std::string reason) {
    co_await db_.transaction([&](SQLite::Database& db) { store::set_job_state(db, id, state, reason); });
}

}  // namespace gasper
