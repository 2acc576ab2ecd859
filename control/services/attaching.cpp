#include "control/services/attaching.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <algorithm>
#include <sstream>

#include "control/release_jobs.hpp"
#include "control/services/lifecycle.hpp"
#include "control/services/verbs.hpp"
#include "core/base/crypto.hpp"
#include "core/store/apps.hpp"
#include "core/store/services.hpp"

namespace gasper::control {

namespace {

using std::chrono::seconds;

/// A user that is being given: nobody takes it away as a lost one.
class coming_user {
 public:
    coming_user(service_board& board, std::string name) : board_(board), name_(std::move(name)) {
        board_.coming_users.insert(name_);
    }
    coming_user(const coming_user&) = delete;
    coming_user& operator=(const coming_user&) = delete;
    ~coming_user() { board_.coming_users.erase(name_); }

 private:
    service_board& board_;
    std::string name_;
};

error not_running(const std::string& name) {
    return fail(errc::conflict, "service_not_running", name + " does not run; see services:info " + name);
}

// Reads to the end; what it said on standard error.
task<result<std::string>> outcome_of(runtime::terminal& t) {
    std::string complaint;
    for (;;) {
        auto piece = co_await t.read();
        if (!piece) co_return piece.error();
        if (piece->data.empty()) break;
        if (piece->error && complaint.size() < 4096) complaint += piece->data;
    }
    auto status = co_await t.exit_status();
    if (!status) co_return status.error();
    if (*status == 0) co_return std::string();
    co_return complaint.empty() ? "status " + std::to_string(*status) : complaint;
}

task<result<>> log_in(parts& p, service s, attachment a, deadline until) {
    const auto& kind = kind_of(s);
    line_sink nobody;
    auto image = co_await p.stacks.service_image(kind.recipe(s.version), std::move(nobody), until);
    if (!image) co_return image.error();
    runtime::once_spec spec{.app = a.app_name,
                            .purpose = "login",
                            .image = *image,
                            .command = "exec gasper-service login " + std::string(to_string(a.rights)),
                            .directory = "/tmp",
                            .env = {{"SERVICE_VERSION", s.version}},
                            .limit = {.memory_bytes = 128ll << 20, .cpus = 1, .processes = 32},
                            .app_network = true};
    runtime::exec_options plain;
    auto opened = co_await p.cluster.open_once(std::move(spec), std::move(plain), until);
    if (!opened) co_return opened.error();
    auto& t = **opened;
    auto told = co_await t.write(url_of(s, a) + "\n");
    if (!told) co_return told;
    (void)co_await t.close_input();
    auto complaint = co_await with_deadline(outcome_of(t), until, "logging in to " + s.name);
    if (!complaint) co_return complaint.error();
    if (complaint->empty()) co_return result<>();
    auto text = *complaint;
    if (const auto at = text.find(a.password); at != text.npos) text.erase(at, a.password.size());
    co_return fail(errc::failed, "service_login",
                   "no login to " + s.name + " from the network of " + a.app_name + ": " + text);
}

// Of a server that does not run: remove_lost_users() does it when it does.
task<> take_away(parts& p, service s, std::string user) {
    const auto* running = p.service_servers.find(s.name);
    if (!running) co_return;
    std::vector<std::string> words{"revoke", std::move(user)};
    auto gone = co_await run_verb(p, running->container, std::move(words), "", deadline::after(seconds(30)));
    if (!gone) p.log.warn("a user is left", {{"service", s.name}, {"reason", gone.error().message}});
}

struct state {
    std::optional<attachment> a;
    std::optional<service> s;
};

task<state> load(parts& p, attachment_id id) {
    co_return co_await p.db.read([&](SQLite::Database& db) {
        state found{.a = store::find_attachment(db, p.box, id)};
        if (found.a) found.s = store::find_service(db, found.a->service);
        return found;
    });
}

error attachment_gone() {
    return fail(errc::not_found, "attachment_not_found", "the attachment is gone");
}

task<result<release>> released(parts& p, attachment a, service s, std::string what, std::string user,
                               job_context& job) {
    auto opened = co_await job.guard(open_way(p, s, a, deadline::after(seconds(60))));
    if (!opened) co_return opened.error();
    std::map<std::string, std::optional<std::string>> changes{{a.variable, url_of(s, a)}};
    co_return co_await release_config(p, a.app, std::move(user), std::move(changes), std::move(what), job);
}

}  // namespace

void give_credentials(attachment& a) {
    a.user = "u_" + random_hex(6);
    a.password = random_hex(16);
}

std::string url_of(const service& s, const attachment& a) {
    const auto& kind = kind_of(s);
    return runtime::service_url(kind, runtime::service_host_name(s.name), kind.port, a.user, a.password);
}

task<result<>> open_way(parts& p, service s, attachment a, deadline until) {
    const auto* running = p.service_servers.find(s.name);
    if (!running) co_return not_running(s.name);
    std::vector<std::string> words{"grant", a.user, std::string(to_string(a.rights))};
    auto granted = co_await run_verb(p, running->container, std::move(words), a.password + "\n", until);
    if (!granted) co_return granted.error();
    auto joined = co_await p.services.join(s.name, a.app_name, until);
    if (!joined) co_return joined;
    co_return co_await log_in(p, s, a, until);
}

task<> close_way(parts& p, service s, attachment a) {
    co_await take_away(p, s, a.user);
    const auto others =
        co_await p.db.read([&](SQLite::Database& db) { return store::attachments_of(db, p.box, s.id); });
    const bool needed = std::any_of(others.begin(), others.end(), [&](const attachment& o) { return o.app == a.app; });
    if (needed) co_return;
    auto left = co_await p.services.leave(s.name, a.app_name, deadline::after(seconds(30)));
    if (!left) p.log.warn("a network is left", {{"service", s.name}, {"reason", left.error().message}});
}

task<result<>> run_attach(parts& p, attachment_id id, std::string user, job_context& job) {
    auto [a, s] = co_await load(p, id);
    if (!a || !s) co_return attachment_gone();
    job.say("-----> Attaching " + s->name + " to " + a->app_name + " as " + a->variable);
    const coming_user held(p.service_servers, a->user);
    auto done = co_await released(p, *a, *s, "Attach " + s->name + " as " + a->variable, user, job);
    if (!done) {
        co_await p.db.transaction([&](SQLite::Database& db) { store::remove_attachment(db, id); });
        co_await close_way(p, *s, *a);
        co_return done.error();
    }
    a->active = true;
    co_await p.db.transaction([&](SQLite::Database& db) { store::update_attachment(db, p.box, *a); });
    job.say("       Released v" + std::to_string(done->version));
    co_return result<>();
}

task<result<>> run_detach(parts& p, attachment_id id, std::string user, job_context& job) {
    auto [a, s] = co_await load(p, id);
    if (!a || !s) co_return attachment_gone();
    job.say("-----> Detaching " + s->name + " from " + a->app_name);
    std::map<std::string, std::optional<std::string>> changes{{a->variable, std::nullopt}};
    auto done = co_await release_config(p, a->app, user, std::move(changes), "Detach " + s->name, job);
    if (!done) co_return done.error();
    co_await p.db.transaction([&](SQLite::Database& db) { store::remove_attachment(db, id); });
    p.background.spawn("close way", close_when_drained(p, *s, *a, done->version));
    job.say("       Released v" + std::to_string(done->version));
    co_return result<>();
}

task<result<>> run_rotate(parts& p, attachment_id id, std::string user, job_context& job) {
    auto [a, s] = co_await load(p, id);
    if (!a || !s) co_return attachment_gone();
    auto next = *a;
    give_credentials(next);
    job.say("-----> Rotating the credentials of " + a->app_name + " for " + s->name);
    const coming_user held(p.service_servers, next.user), before(p.service_servers, a->user);
    auto done = co_await released(p, next, *s, "Rotate the credentials of " + s->name, user, job);
    if (!done) {
        co_await take_away(p, *s, next.user);
        co_return done.error();
    }
    co_await p.db.transaction([&](SQLite::Database& db) { store::update_attachment(db, p.box, next); });
    p.background.spawn("close way", close_when_drained(p, *s, *a, done->version));
    job.say("       Released v" + std::to_string(done->version));
    co_return result<>();
}

// The instances of before may still be finishing requests: they keep their way in until they are gone.
task<> close_when_drained(parts& p, service s, attachment a, int version) {
    const auto patience = deadline::after(p.settings.drain + p.settings.stop_grace + seconds(60));
    const auto old_one = [version](const runtime::observed_instance& i) { return i.release < version; };
    for (;;) {
        const auto there = p.running.of(a.app_name);
        if (patience.expired() || std::none_of(there.begin(), there.end(), old_one)) break;
        co_await sleep_until(deadline::after(std::chrono::milliseconds(100)));
    }
    co_await close_way(p, std::move(s), std::move(a));
}

task<> remove_lost_users(parts& p, service s) {
    const auto* running = p.service_servers.find(s.name);
    if (!running) co_return;
    const auto container = running->container;
    std::vector<std::string> words{"users"};
    auto listed = co_await run_verb(p, container, std::move(words), "", deadline::after(seconds(30)));
    if (!listed) {
        p.log.warn("users cannot be listed", {{"service", s.name}, {"reason", listed.error().message}});
        co_return;
    }
    auto known = p.service_servers.coming_users;
    const auto all = co_await p.db.read([&](SQLite::Database& db) { return store::attachments_of(db, p.box, s.id); });
    for (const auto& a : all)
        known.insert(a.user);
    std::istringstream lines(*listed);
    for (std::string user; lines >> user;)
        if (!known.contains(user)) co_await take_away(p, s, user);
}

task<> settle_attachments(parts& p) {
    co_await p.db.transaction([&](SQLite::Database& db) {
        for (const auto& s : store::all_services(db))
            for (auto& a : store::attachments_of(db, p.box, s.id)) {
                if (a.active) continue;
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

task<> renew_variables(parts& p, app_id id, release_id from, config_vars& vars) {
    co_await p.db.read([&](SQLite::Database& db) {
        for (const auto& variable : store::service_variables_of(db, from))
            vars.erase(variable);
        for (const auto& a : store::attachments_of(db, p.box, id))
            if (const auto s = store::find_service(db, a.service); s && a.active) vars[a.variable] = url_of(*s, a);
    });
}

}  // namespace gasper::control
