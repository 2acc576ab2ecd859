#include "control/job_kinds.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "control/archives/archive_jobs.hpp"
#include "control/backups/backup_jobs.hpp"
#include "control/clones/clone_jobs.hpp"
#include "control/cron_clock.hpp"
#include "control/one_off_jobs.hpp"
#include "control/services/attaching.hpp"
#include "control/services/promoting.hpp"
#include "control/services/service_jobs.hpp"
#include "control/switch.hpp"
#include "control/upgrades/upgrade_jobs.hpp"
#include "core/store/apps.hpp"
#include "core/store/jobs.hpp"

namespace gasper::control {

namespace {

constexpr int most_resumptions = 3;  // of a job that begins again: it may be what ends this program
constexpr std::string_view interrupted = "the server was restarted while this ran; nothing changed, do it again";

const job_kind* kind_of(const job& j) {
    const auto& kinds = job_kinds();
    const auto at = std::find_if(kinds.begin(), kinds.end(), [&](const job_kind& k) { return k.name == j.kind; });
    return at == kinds.end() ? nullptr : &*at;
}

job_past past_of(const std::vector<job_step>& steps) {
    job_past past;
    for (const auto& s : steps) {
        past.begun.insert(s.name);
        if (s.state == job_state::succeeded) past.done.insert(s.name);
    }
    return past;
}

struct verdict {
    job_state state{job_state::failed};
    std::string reason;
};

// None: it can go on.
std::optional<verdict> end_of(const job& j, const job_past& past) {
    const auto* kind = kind_of(j);
    if (!kind) return verdict{job_state::failed, std::string(interrupted)};
    if (kind->restarts && past.begun.contains(committed_step)) {
        if (j.kind != "deploy") return verdict{job_state::succeeded, ""};
        return std::nullopt;  // its ref may lack
    }
    if (j.reason.starts_with(cancelled_by)) return verdict{job_state::aborted, j.reason};
    if (past.begun.contains("release command") && !past.done.contains("release command"))
        return verdict{job_state::failed,
                       "the server was restarted during the release command, which may have done part of its work; "
                       "what served goes on serving"};
    return std::nullopt;
}

task<> settle(parts& p, job j, verdict v) {
    const auto* kind = kind_of(j);
    if (kind && kind->clear && v.state != job_state::succeeded) co_await kind->clear(p, j, v.reason);
    co_await p.jobs.settle(j.id, v.state, v.reason);
    p.log.info("an interrupted job ended", {{"job", j.id.value}, {"kind", j.kind}, {"app", j.key}});
}

task<result<>> go_on(job_runner::work run, job_context& job) {
    job.say("-----> Gasper was restarted; going on");
    co_return co_await run(job);
}

// A job of an older version of this program may have said less of itself.
task<result<job_runner::work>> work_of(parts& p, job j) {
    std::string fault;
    try {
        co_return co_await kind_of(j)->resume(p, j);
    } catch (const nlohmann::json::exception& e) {
        fault = e.what();
    }
    p.log.warn("a job cannot go on", {{"job", j.id.value}, {"reason", fault}});
    co_return fail(errc::failed, "interrupted", std::string(interrupted));
}

task<> resume_one(parts& p, job j) {
    const auto past = past_of(co_await p.db.read([&](SQLite::Database& db) { return store::steps_of(db, j.id); }));
    const bool restarts = kind_of(j)->restarts;
    if (!past.begun.empty()) {
        const int times = co_await p.db.transaction([&](SQLite::Database& db) { return store::resume_job(db, j.id); });
        if (restarts && times > most_resumptions) {
            verdict too_often{job_state::failed, "the server was restarted again and again while this ran"};
            co_await settle(p, j, std::move(too_often));
            co_return;
        }
    }
    auto work = co_await work_of(p, j);
    if (!work) {
        verdict refused{job_state::failed, work.error().message};
        co_await settle(p, j, std::move(refused));
        co_return;
    }
    auto run = std::move(*work);
    if (restarts) run = [run](job_context& job) { return go_on(run, job); };
    p.jobs.resume(j, past, std::move(run));
    p.log.info("an interrupted job goes on", {{"job", j.id.value}, {"kind", j.kind}, {"app", j.key}});
}

}  // namespace

const std::vector<job_kind>& job_kinds() {
    static const std::vector<job_kind> kinds{{"deploy", true, resume_deploy},
                                             {"config", true, resume_config},
                                             {"settings", true, resume_settings},
                                             {"rollback", true, resume_rollback},
                                             {"restart", true, resume_restart},
                                             {"storage", true, resume_mount},
                                             {"scale", true, resume_scale},
                                             {"autoscale", true, resume_scale},
                                             {"stop", true, resume_stopped},
                                             {"start", true, resume_stopped},
                                             {"run", false, resume_run},
                                             {"cron", false, resume_cron},
                                             {"backup", true, resume_backup, clear_backup},
                                             {"restore", true, resume_restore, clear_restore},
                                             {"import", true, resume_import},
                                             {"archive-base", true, resume_base, clear_base},
                                             {"recovery", true, resume_recovery, clear_recovery},
                                             {"service-create", true, resume_create, clear_create},
                                             {"service-start", true, resume_order, clear_order},
                                             {"service-stop", true, resume_order, clear_order},
                                             {"service-restart", true, resume_order, clear_order},
                                             {"service-destroy", true, resume_destroy},
                                             {"attach", true, resume_attach, clear_attach},
                                             {"detach", true, resume_detach},
                                             {"rotate", true, resume_rotate},
                                             {"promote", true, resume_promote},
                                             {"service-clone", true, resume_clone, clear_clone},
                                             {"service-upgrade", true, resume_upgrade, clear_upgrade},
                                             {"service-rollback", true, resume_return, clear_upgrade}};
    return kinds;
}

task<result<app>> app_of(parts& p, job j) {
    auto a = co_await p.db.read([&](SQLite::Database& db) { return store::find_app(db, j.app()); });
    if (!a) co_return fail(errc::not_found, "app_not_found", "the app is gone");
    co_return std::move(*a);
}

task<std::vector<job>> settle_jobs(parts& p) {
    std::vector<job> going_on;
    for (const auto& j : co_await p.jobs.interrupted()) {
        const auto past = past_of(co_await p.db.read([&](SQLite::Database& db) { return store::steps_of(db, j.id); }));
        auto end = end_of(j, past);
        if (end)
            co_await settle(p, j, std::move(*end));
        else
            going_on.push_back(j);
    }
    const std::string reason = "the server was restarted while this was made";
    co_await p.db.transaction([&](SQLite::Database& db) { store::fail_pending(db, reason); });
    co_return going_on;
}

task<> resume_jobs(parts& p, std::vector<job> cut) {
    for (auto& j : cut)
        co_await resume_one(p, std::move(j));
}

}  // namespace gasper::control
