#include "control/services/filling.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <nlohmann/json.hpp>

#include "control/services/held.hpp"
#include "control/services/service_jobs.hpp"
#include "core/store/jobs.hpp"
#include "core/store/services.hpp"

namespace gasper::control {

namespace {

// The end of this program leaves the job waiting: the next start goes on with it.
task<> give_up_filling(parts& p, service_id id, job_id waiting) {
    const auto j = co_await p.db.read([waiting](SQLite::Database& db) { return store::find_job(db, waiting); });
    const bool goes_on = j && (j->state == job_state::waiting || j->state == job_state::running);
    if (!goes_on) co_await erase_unfilled(p, id);
}

}  // namespace

task<> erase_unfilled(parts& p, service_id id) {
    const auto s = co_await p.db.read([id](SQLite::Database& db) { return store::find_service(db, id); });
    if (!s || s->made) co_return;
    const held_service held(p.service_servers, s->name);
    auto erased = co_await erase_service(p, *s);
    if (!erased) p.log.warn("a service that could not be filled stays", {{"service", s->name}});
}

waiting_service::~waiting_service() {
    if (!taken_) p_.background.spawn("filling", give_up_filling(p_, id_, job_));
}

bool fills_anew(const job& j) {
    if (j.kind != "restore" && j.kind != "recovery") return false;
    const auto input = nlohmann::json::parse(j.input, nullptr, false);
    return input.is_object() && input.value("anew", false);
}

result<> check_not_filled(const parts& p, const service& s) {
    if (s.made || !p.service_servers.filled.contains(s.name)) return {};
    return fail(errc::conflict, "service_not_made", s.name + " is still being made; to be rid of it, cancel its job");
}

}  // namespace gasper::control
