// Runs jobs: durable, one at a time per key, in the order they came; the others wait. Each has a log that any number
// of readers follow. The runner owns the work: who asked for it may go away. All calls come from its executor.
#pragma once

#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/base/asio.hpp"
#include "core/base/deadline.hpp"
#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "core/base/task_scope.hpp"
#include "core/jobs/job_log.hpp"
#include "core/model/job.hpp"
#include "core/store/database.hpp"

namespace gasper {

/// What the work of a job is given.
class job_context {
 public:
    job_context(job_id id, database& db, std::shared_ptr<job_log> log) : id_(id), db_(db), log_(std::move(log)) {}

    job_id id() const noexcept { return id_; }
    /// A line for the person who follows.
    void say(std::string_view line) { log_->append(line); }
    line_sink sink();
    /// Written before the step's effect, so that a restart knows how far it came.
    task<> step(std::string name);

 private:
    job_id id_;
    database& db_;
    std::shared_ptr<job_log> log_;
};

class job_runner {
 public:
    using work = std::function<task<result<>>(job_context&)>;

    struct options {
        std::filesystem::path logs;    // one file per job: <id>.log
        std::size_t most_waiting{20};  // per key; more are refused
    };

    job_runner(asio::any_io_executor executor, database& db, options o, logger& log);
    job_runner(const job_runner&) = delete;
    job_runner& operator=(const job_runner&) = delete;

    /// Writes the job, then runs `run` as soon as no other job of its key runs.
    task<result<job_id>> start(job description, work run);

    task<result<job>> info(job_id id);
    /// The log of a running job, or of a finished one from its file.
    task<result<std::shared_ptr<job_log>>> log_of(job_id id);
    bool busy(const std::string& key) const { return queues_.contains(key); }

    /// Jobs of a process before this one, oldest first, that never ended.
    task<std::vector<job>> interrupted();
    /// Ends an interrupted job.
    task<> settle(job_id id, job_state state, std::string reason);

    /// Cancels what runs and waits. Cancelled jobs stay unfinished in the store: the next start settles them.
    task<bool> stop(deadline until) { return scope_.stop(until); }

 private:
    struct pending {
        job_id id;
        work run;
        std::shared_ptr<job_log> log;
    };
    task<> drain(std::string key);
    task<> run_one(pending& next);
    task<result<>> guarded(pending& next);

    asio::any_io_executor executor_;
    database& db_;
    options options_;
    logger& log_;
    task_scope scope_;
    std::map<std::string, std::deque<pending>> queues_;
    std::map<job_id, std::shared_ptr<job_log>> logs_;
};

}  // namespace gasper
