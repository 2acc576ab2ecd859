#include <SQLiteCpp/SQLiteCpp.h>

#include <nlohmann/json.hpp>

#include "control/backups/beside.hpp"
#include "control/backups/taking_place.hpp"
#include "control/services/exposing.hpp"
#include "control/services/lifecycle.hpp"
#include "control/services/service_jobs.hpp"
#include "control/services/verbs.hpp"
#include "control/services/ways.hpp"
#include "control/upgrades/places.hpp"
#include "control/upgrades/upgrade_jobs.hpp"
#include "core/store/jobs.hpp"
#include "core/store/services.hpp"
#include "core/store/upgrades.hpp"

namespace gasper::control {

namespace {

using std::chrono::seconds;

struct upgraded_service {
    std::optional<service> s;
    std::optional<upgrade> u;
};

task<upgraded_service> service_of(parts& p, const job& j) {
    const auto name = j.key.substr(service_job_prefix.size());
    co_return co_await p.db.read([&name](SQLite::Database& db) {
        upgraded_service found{.s = store::find_service(db, name), .u = {}};
        if (found.s) found.u = store::find_upgrade(db, found.s->id);
        return found;
    });
}

error gone_meanwhile() {
    return fail(errc::not_found, "service_not_found", "the service is gone");
}

bool goes_on(SQLite::Database& db, job_id id) {
    const auto j = store::find_job(db, id);
    return j && (j->state == job_state::waiting || j->state == job_state::running);
}

// It may have been cut while no app was let in.
task<> let_attached_in(parts& p, service s) {
    const auto all = co_await p.db.read([&](SQLite::Database& db) { return store::attachments_of(db, p.box, s.id); });
    for (const auto& a : all) {
        auto joined = co_await p.services.join(s.name, a.app_name, deadline::after(seconds(30)));
        if (!joined) p.log.info("a service is in an app's network when it starts", {{"service", s.name}});
    }
}

}  // namespace

task<result<>> run_upgrade(parts& p, service_id id, std::string version, job_context& job) {
    auto s = co_await p.db.read([id](SQLite::Database& db) { return store::find_service(db, id); });
    if (!s || !s->made) co_return gone_meanwhile();
    auto chosen = choose_upgrade(kind_of(*s), *s, version);
    if (!chosen) co_return chosen.error();
    if (!chosen->transfers) co_return co_await run_renewal(p, std::move(*s), job);
    auto done = co_await run_transfer(p, std::move(*s), chosen->version, job);
    co_await look_at_doors(p);
    co_return done;
}

task<> settle_upgrades(parts& p) {
    const auto all = co_await p.db.read([](SQLite::Database& db) { return store::all_upgrades(db); });
    for (const auto& u : all) {
        bool over = true;
        std::optional<service> s;
        co_await p.db.read([&](SQLite::Database& db) {
            over = !goes_on(db, u.job);
            s = store::find_service(db, u.service);
        });
        if (s) co_await settle_upgrade(p, *s, u, over);
    }
}

task<result<job_runner::work>> resume_upgrade(parts& p, job cut) {
    const auto version = nlohmann::json::parse(cut.input).at("version").get<std::string>();
    const auto found = co_await service_of(p, cut);
    if (!found.s) co_return gone_meanwhile();
    const auto id = found.s->id;
    if (found.u && found.u->state == upgrade_state::arriving && found.u->job == cut.id)
        co_return [&p, id, u = *found.u](job_context& job) { return finish_transfer(p, id, u, job); };
    co_return [&p, id, version](job_context& job) { return run_upgrade(p, id, version, job); };
}

task<result<job_runner::work>> resume_return(parts& p, job cut) {
    const auto found = co_await service_of(p, cut);
    if (!found.s) co_return gone_meanwhile();
    const auto id = found.s->id;
    if (found.u && found.u->state == upgrade_state::returning && found.u->job == cut.id)
        co_return [&p, id, u = *found.u](job_context& job) { return finish_return(p, id, u, job); };
    co_return [&p, id](job_context& job) { return run_return(p, id, job); };
}

task<> clear_upgrade(parts& p, job cut, std::string) {
    const auto found = co_await service_of(p, cut);
    if (!found.s) co_return;
    if (found.u && found.u->job == cut.id) co_await settle_upgrade(p, *found.s, *found.u, true);
    co_await let_attached_in(p, *found.s);
    const auto recipe = kind_of(*found.s).recipe(found.s->version);
    co_await p.stacks.drop_service_image(recipe, found.s->name, deadline::after(seconds(30)));
}

task<result<std::string>> version_of_server(parts& p, std::string container) {
    std::vector<std::string> words{"version"};
    auto text = co_await run_verb(p, std::move(container), std::move(words), "", deadline::after(seconds(30)));
    if (!text) co_return text.error();
    auto version = text->substr(0, text->find('\n'));
    while (!version.empty() && static_cast<unsigned char>(version.back()) <= ' ')
        version.pop_back();
    if (version.empty()) co_return fail(errc::failed, "service_version", "the server does not say its version");
    co_return version;
}

}  // namespace gasper::control
