#include "core/jobs/runner.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include "core/store/jobs.hpp"

namespace gasper {

line_sink job_context::sink() {
    return [log = log_](std::string_view line) { log->append(line); };
}

task<> job_context::step(std::string name) {
    co_await db_.transaction([&](SQLite::Database& db) { store::set_job_step(db, id_, name); });
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
    if (auto queue = queues_.find(key); queue != queues_.end() && queue->second.size() > options_.most_waiting)
        co_return fail(errc::rate_limited, "too_many_jobs", "too many jobs of " + key + " are waiting already");
    description.state = job_state::waiting;
    const auto id = co_await db_.transaction([&](SQLite::Database& db) { return store::add_job(db, description); });
    auto log = std::make_shared<job_log>(executor_, options_.logs / (std::to_string(id.value) + ".log"));
    logs_[id] = log;
    const bool idle = !queues_.contains(key);
    auto& queue = queues_[key];
    if (!idle)
        log->append("-----> Waiting for job " + std::to_string(queue.front().id.value) + " of " + key + " to end");
    queue.push_back({id, std::move(run), std::move(log)});
    if (idle) scope_.spawn(key, drain(key));
    co_return id;
}

task<> job_runner::drain(std::string key) {
    auto& queue = queues_[key];
    while (!queue.empty()) {
        co_await run_one(queue.front());
        queue.pop_front();
    }
    queues_.erase(key);
}

task<result<>> job_runner::guarded(pending& next) {
    job_context context(next.id, db_, next.log);
    std::string fault;
    try {
        co_return co_await next.run(context);
    } catch (const refusal& e) {
        co_return e.reason();
    } catch (const boost::system::system_error& e) {
        if (e.code() == asio::error::operation_aborted) throw;
        fault = e.what();
    } catch (const std::exception& e) {
        fault = e.what();
    }
    log_.error("a job met a fault", {{"job", next.id.value}, {"reason", fault}});
    co_return fail(errc::failed, "internal", "internal error: " + fault);
}

task<> job_runner::run_one(pending& next) {
    auto outcome = co_await guarded(next);
    const auto state = outcome                                   ? job_state::succeeded
                       : outcome.error().kind == errc::cancelled ? job_state::aborted
                                                                 : job_state::failed;
    const auto reason = outcome ? std::string() : outcome.error().message;
    co_await settle(next.id, state, reason);
    log_.info("job ended", {{"job", next.id.value}, {"state", std::string(to_string(state))}, {"reason", reason}});
    next.log->close();
    logs_.erase(next.id);
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
    auto log = std::make_shared<job_log>(executor_, options_.logs / (std::to_string(id.value) + ".log"));
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
