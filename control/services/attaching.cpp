#include "control/services/attaching.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <nlohmann/json.hpp>

#include "control/release_jobs.hpp"
#include "control/services/ways.hpp"
#include "core/store/apps.hpp"
#include "core/store/jobs.hpp"
#include "core/store/services.hpp"

namespace gasper::control {

namespace {

using std::chrono::seconds;

struct found_attachment {
    std::optional<attachment> a;
    std::optional<service> s;
};

task<found_attachment> load(parts& p, attachment_id id) {
    co_return co_await p.db.read([&](SQLite::Database& db) {
        found_attachment found{.a = store::find_attachment(db, p.box, id)};
        if (found.a) found.s = store::find_service(db, found.a->service);
        return found;
    });
}

error attachment_gone() {
    return fail(errc::not_found, "attachment_not_found", "the attachment is gone");
}

task<result<release>> release_with(parts& p, attachment a, service s, std::string what, std::string user,
                                   job_context& job) {
    auto opened = co_await job.guard(open_way(p, s, a, deadline::after(seconds(60))));
    if (!opened) co_return opened.error();
    a.active = true;
    std::map<std::string, std::optional<std::string>> changes{{a.variable, url_of(s, a)}};
    release_effect effect = [&box = p.box, a](SQLite::Database& db, const release&) {
        store::update_attachment(db, box, a);
    };
    co_return co_await release_config(p, a.app, std::move(user), std::move(changes), std::move(what), std::move(effect),
                                      job);
}

task<result<>> run_attach(parts& p, attachment_id id, std::string user, job_context& job) {
    const auto found = co_await load(p, id);
    if (!found.a || !found.s) co_return attachment_gone();
    const auto& a = *found.a;
    const auto& s = *found.s;
    job.say("-----> Attaching " + s.name + " to " + a.app_name + " as " + a.variable);
    const held_way held(p.service_servers, a);
    auto done = co_await release_with(p, a, s, "Attach " + s.name + " as " + a.variable, user, job);
    if (!done) {
        co_await p.db.transaction([&](SQLite::Database& db) { store::remove_attachment(db, id); });
        co_await close_way(p, s, a);
        co_return done.error();
    }
    job.say("       Released v" + std::to_string(done->version));
    co_return result<>();
}

task<result<>> run_detach(parts& p, attachment_id id, std::string user, job_context& job) {
    const auto found = co_await load(p, id);
    if (!found.a || !found.s) co_return attachment_gone();
    const auto& a = *found.a;
    const auto& s = *found.s;
    job.say("-----> Detaching " + s.name + " from " + a.app_name);
    auto held = std::make_shared<held_way>(p.service_servers, a);
    std::map<std::string, std::optional<std::string>> changes{{a.variable, std::nullopt}};
    release_effect effect = [id](SQLite::Database& db, const release&) { store::remove_attachment(db, id); };
    auto done = co_await release_config(p, a.app, user, std::move(changes), "Detach " + s.name, std::move(effect), job);
    if (!done) co_return done.error();
    co_await end_lost_tunnels(p);
    p.background.spawn("close way", close_when_drained(p, s, a, done->version, std::move(held)));
    job.say("       Released v" + std::to_string(done->version));
    co_return result<>();
}

struct credentials {
    std::string user, password;
};

task<result<>> run_rotate(parts& p, attachment_id id, credentials fresh, std::string user, job_context& job) {
    const auto found = co_await load(p, id);
    if (!found.a || !found.s) co_return attachment_gone();
    const auto& a = *found.a;
    const auto& s = *found.s;
    auto next = a;
    next.user = fresh.user;
    next.password = fresh.password;
    job.say("-----> Rotating the credentials of " + a.app_name + " for " + s.name);
    auto before = std::make_shared<held_way>(p.service_servers, a);
    auto done = co_await release_with(p, next, s, "Rotate the credentials of " + s.name, user, job);
    if (!done) {
        co_await close_way(p, s, next);
        co_return done.error();
    }
    p.background.spawn("close way", close_when_drained(p, s, a, done->version, std::move(before)));
    job.say("       Released v" + std::to_string(done->version));
    co_return result<>();
}

/// The row of an attachment until its job takes it on: a job that is cancelled while it waits leaves none.
class pending_attachment {
 public:
    pending_attachment(parts& p, attachment_id id, job_id waiting) : p_(p), id_(id), job_(waiting) {}
    pending_attachment(const pending_attachment&) = delete;
    pending_attachment& operator=(const pending_attachment&) = delete;
    ~pending_attachment() {
        if (!taken_) p_.background.spawn("attachment", forget(p_, id_, job_));
    }
    void waits_as(job_id job) { job_ = job; }
    attachment_id take() {
        taken_ = true;
        return id_;
    }

 private:
    // The end of this program leaves the job waiting: the next start goes on with it.
    static task<> forget(parts& p, attachment_id id, job_id waiting) {
        co_await p.db.transaction([id, waiting](SQLite::Database& db) {
            const auto j = store::find_job(db, waiting);
            const bool goes_on = j && (j->state == job_state::waiting || j->state == job_state::running);
            if (!goes_on) store::remove_attachment(db, id);
        });
    }

    parts& p_;
    attachment_id id_;
    job_id job_;  // none: it was refused
    bool taken_{false};
};

job_runner::work attach_work(parts& p, std::shared_ptr<pending_attachment> claim, std::string user) {
    return [&p, claim = std::move(claim), user](job_context& job) { return run_attach(p, claim->take(), user, job); };
}

job_runner::work detach_work(parts& p, attachment_id id, std::string user) {
    return [&p, id, user](job_context& job) { return run_detach(p, id, user, job); };
}

// Held from now on: after a restart the user may be there already, and nobody's.
job_runner::work rotate_work(parts& p, const attachment& next, std::string user) {
    auto held = std::make_shared<held_way>(p.service_servers, next);
    const credentials fresh{next.user, next.password};
    return [&p, id = next.id, fresh, held, user](job_context& job) { return run_rotate(p, id, fresh, user, job); };
}

nlohmann::json input_of(const attachment& a) {
    return {{"service", a.service_name}, {"variable", a.variable}, {"attachment", a.id.value}};
}

attachment_id attachment_in(const job& j) {
    return {nlohmann::json::parse(j.input).at("attachment").get<std::int64_t>()};
}

// A job of an older version of this program did not name it.
attachment_id attachment_if_named(const job& j) {
    const auto input = nlohmann::json::parse(j.input, nullptr, false);
    return {input.is_object() ? input.value("attachment", std::int64_t{0}) : 0};
}

}  // namespace

task<result<job_id>> start_attach(parts& p, attachment made, std::string user) {
    job description{.kind = "attach", .key = made.app_name, .input = input_of(made).dump(), .user = user};
    auto claim = std::make_shared<pending_attachment>(p, made.id, job_id{});
    auto run = attach_work(p, claim, std::move(user));
    auto begun = co_await p.jobs.start(std::move(description), std::move(run));
    if (begun) claim->waits_as(*begun);
    co_return begun;
}

task<result<job_id>> start_detach(parts& p, attachment a, std::string user) {
    job description{.kind = "detach", .key = a.app_name, .input = input_of(a).dump(), .user = user};
    auto run = detach_work(p, a.id, std::move(user));
    co_return co_await p.jobs.start(std::move(description), std::move(run));
}

// The new user stands in the job's input, sealed: a restart gives the same one again, and none is left over.
task<result<job_id>> start_rotate(parts& p, attachment a, std::string user) {
    give_credentials(a);
    auto input = input_of(a);
    const nlohmann::json secret{{"user", a.user}, {"password", a.password}};
    input["sealed"] = base64(p.box.seal(secret.dump()));
    job description{.kind = "rotate", .key = a.app_name, .input = input.dump(), .user = user};
    auto run = rotate_work(p, a, std::move(user));
    co_return co_await p.jobs.start(std::move(description), std::move(run));
}

task<result<job_runner::work>> resume_attach(parts& p, job cut) {
    const auto id = attachment_in(cut);
    co_return attach_work(p, std::make_shared<pending_attachment>(p, id, cut.id), cut.user);
}

task<result<job_runner::work>> resume_detach(parts& p, job cut) {
    co_return detach_work(p, attachment_in(cut), cut.user);
}

task<result<job_runner::work>> resume_rotate(parts& p, job cut) {
    auto found = co_await load(p, attachment_in(cut));
    if (!found.a) co_return attachment_gone();
    const auto sealed = from_base64(nlohmann::json::parse(cut.input).at("sealed").get<std::string>());
    if (!sealed) co_return sealed.error();
    const auto plain = p.box.unseal(*sealed);
    if (!plain) co_return plain.error();
    const auto secret = nlohmann::json::parse(*plain);
    found.a->user = secret.at("user").get<std::string>();
    found.a->password = secret.at("password").get<std::string>();
    co_return rotate_work(p, *found.a, cut.user);
}

task<> clear_attach(parts& p, job cut, std::string) {
    const auto id = attachment_if_named(cut);
    co_await p.db.transaction([&](SQLite::Database& db) {
        const auto a = store::find_attachment(db, p.box, id);
        if (a && !a->active) store::remove_attachment(db, id);
    });
}

task<> settle_attachments(parts& p, const std::vector<job>& going_on) {
    std::set<attachment_id> coming;
    for (const auto& j : going_on)
        if (j.kind == "attach") coming.insert(attachment_if_named(j));
    co_await p.db.transaction([&](SQLite::Database& db) {
        for (const auto& s : store::all_services(db))
            for (auto& a : store::attachments_of(db, p.box, s.id)) {
                if (a.active || coming.contains(a.id)) continue;
                const auto owner = store::find_app(db, a.app);
                const auto serving = owner ? store::find_release(db, p.box, owner->current) : std::nullopt;
                const auto at = serving ? serving->config.find(a.variable) : config_vars::iterator();
                a.active = serving && at != serving->config.end() && at->second == url_of(s, a);
                if (a.active)
                    store::update_attachment(db, p.box, a);
                else
                    store::remove_attachment(db, a.id);
            }
    });
}

}  // namespace gasper::control
