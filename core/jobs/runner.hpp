// Runs jobs: durable, one at a time per key, in the order they came; the others wait. Each has a log that any number
// of readers follow. The runner owns the work: who asked for it may go away. All calls come from its executor.
#pragma once

#include <filesystem>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <set>
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

/// How the reason of a job begins that a person cancelled; it stands there from the moment on that they asked.
inline constexpr std::string_view cancelled_by = "cancelled by ";

/// Whether a job may be cancelled, and by whom it was. Shared by the runner and the job's work.
struct job_control {
    bool committed{false};     // its effect is visible: too late
    std::string cancelled_by;  // a person's name; empty: nobody
};

/// The steps of a job that an earlier process did.
struct job_past {
    std::set<std::string> begun, done;
};

/// What the work of a job is given.
class job_context {
 public:
    job_context(job_id id, database& db, std::shared_ptr<job_log> log, std::shared_ptr<job_control> control,
                const job_past& past)
        : id_(id), db_(db), log_(std::move(log)), control_(std::move(control)), past_(past) {}

    job_id id() const noexcept { return id_; }
    /// A line for the person who follows.
    void say(std::string_view line) { log_->append(line); }
    /// How many lines there are, those of an earlier process included; whether more are kept.
    std::size_t lines() const noexcept { return log_->size(); }
    bool log_is_full() const noexcept { return log_->full(); }
    line_sink sink();
    /// Written before the step's effect, so that a restart knows how far it came.
    task<> step(std::string name);
    /// The same for a step that who goes on after a restart does again from its beginning: it does not wait for the
    /// disk (database::mark).
    task<> mark(std::string name);
    /// The same inside a transaction of the caller's: the step begins with its effect.
    void step_in(SQLite::Database& db, const std::string& name) const;
    /// An earlier process, that was ended, did this step from its beginning to its end.
    bool did(const std::string& step) const { return past_.done.contains(step); }
    /// … or at least began it.
    bool began(const std::string& step) const { return past_.begun.contains(step); }

    /// Runs work that a cancellation may cut, and comes back: with errc::cancelled when a person cancelled the job,
    /// from then on uncancellable, so that the caller can clear away what was made; with errc::failed for a fault. Only
    /// the end of this program goes through as the exception it is: then the next start clears away.
    template <class T>
    task<result<T>> guard(task<result<T>>&& work) {
        return guarded<T>(std::move(work));
    }
    /// Runs when the end of the job is in the store: what must be there for a restart until then may be cleared away.
    void afterwards(std::function<task<>()> what) { afterwards_ = std::move(what); }
    const std::function<task<>()>& afterwards() const noexcept { return afterwards_; }
    /// From here on the job cannot be cancelled. Call right behind guard(), without a co_await between them.
    void commit() noexcept { control_->committed = true; }

 private:
    template <class T>
    task<result<T>> guarded(task<result<T>> work);
    error cancelled() const { return fail(errc::cancelled, "cancelled", "cancelled by " + control_->cancelled_by); }
    /// The refusal that stands for an exception; rethrows the end of this program.
    error refusal_for(const std::exception_ptr& fault) const;

    job_id id_;
    database& db_;
    std::shared_ptr<job_log> log_;
    std::shared_ptr<job_control> control_;
    const job_past& past_;
    std::function<task<>()> afterwards_;
};

template <class T>
task<result<T>> job_context::guarded(task<result<T>> work) {
    result<T> outcome = fail(errc::failed, "internal", "the work did not begin");
    std::exception_ptr fault;
    try {
        outcome = co_await std::move(work);
    } catch (...) {
        fault = std::current_exception();
    }
    if (!control_->cancelled_by.empty()) {
        co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
        co_return cancelled();
    }
    if (fault) co_return refusal_for(fault);
    co_return outcome;
}

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

    /// Goes on with a job of a process before this one, behind those of its key that were resumed already: under its
    /// id, its log goes on. Call in the order of ids, before any start().
    void resume(const job& cut, job_past past, work run);

    task<result<job>> info(job_id id);
    /// The log of a running job, or of a finished one from its file.
    task<result<std::shared_ptr<job_log>>> log_of(job_id id);
    bool busy(const std::string& key) const { return queues_.contains(key); }

    /// Jobs of a process before this one, oldest first, that never ended.
    task<std::vector<job>> interrupted();
    /// Ends an interrupted job.
    task<> settle(job_id id, job_state state, std::string reason);

    /// Ends a waiting job at once, and asks a running one to stop, and the jobs it began: it ends as aborted when it
    /// has cleared away. Refuses for a job that has ended, or whose effect is visible already.
    task<result<>> cancel(job_id id, std::string by);

    /// Removes the log files of jobs that are no longer in the store.
    void forget_logs(const std::vector<job_id>& removed);

    /// Cancels what runs and waits. Cancelled jobs stay unfinished in the store: the next start resumes or settles
    /// them. What jobs hold is let go.
    task<bool> stop(deadline until);

 private:
    struct pending {
        job_id id, parent;
        work run;
        std::shared_ptr<job_log> log;
        std::shared_ptr<job_control> control;
        task_scope* running{nullptr};  // while it runs
        bool over{false};
        job_past past{};
        std::function<task<>()> afterwards{};
    };
    using queue = std::list<pending>;  // its front runs
    void enqueue(const std::string& key, pending next, bool say_why);
    task<> drain(std::string key);
    task<> run_one(pending& next);
    task<result<>> begin(pending& next);
    task<result<>> outcome_of(pending& next);
    task<> settle_at_last(job_id id, job_state state, std::string reason);
    task<result<>> guarded(pending& next);
    task<> end(pending& next, job_state state, std::string reason);
    void cancel_waiting(const std::string& key, job_id id);
    task<> mark_cancelled(job_id id, std::string by);
    task<> abort_waiting(std::shared_ptr<queue> taken);
    std::filesystem::path log_file(job_id id) const { return options_.logs / (std::to_string(id.value) + ".log"); }

    asio::any_io_executor executor_;
    database& db_;
    options options_;
    logger& log_;
    task_scope scope_;
    std::map<std::string, queue> queues_;
    std::map<job_id, std::shared_ptr<job_log>> logs_;
};

}  // namespace gasper
