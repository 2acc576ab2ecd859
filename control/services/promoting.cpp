#include "control/services/promoting.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "control/platform.hpp"
#include "control/release_jobs.hpp"
#include "control/services/lifecycle.hpp"
#include "control/services/services.hpp"
#include "control/services/ways.hpp"
#include "core/store/apps.hpp"
#include "core/store/services.hpp"

namespace gasper::control {

namespace {

struct promotion {
    attachment chosen;                 // has `plain` then
    std::optional<attachment> former;  // has it now, and `own` then
    std::string app;
    std::string plain, own;
    std::map<std::string, std::optional<std::string>> changes;  // of the config vars
};

error nothing_to_promote() {
    return fail(errc::not_found, "attachment_not_found", "the attachment is gone");
}

// Whose plain variable it is now, and which names are in use.
result<> look_around(SQLite::Database& db, const secret_box& box, const app& a, promotion& to,
                     std::set<std::string>& taken) {
    const auto serving = a.current ? store::find_release(db, box, a.current) : std::nullopt;
    if (serving)
        for (const auto& var : serving->config)
            taken.insert(var.first);
    for (const auto& o : store::attachments_of(db, box, a.id)) {
        taken.insert(o.variable);
        if (o.variable == to.plain) to.former = o;
    }
    if (to.former && !to.former->active)
        return fail(errc::conflict, "variable_taken",
                    to.former->service_name + " is just being attached to " + a.name + " as " + to.plain);
    if (!to.former && taken.contains(to.plain))
        return fail(
            errc::conflict, "variable_taken",
            a.name + " has a " + to.plain + " of its own; take it away first: config:unset " + a.name + " " + to.plain);
    return {};
}

result<promotion> plan_promotion(SQLite::Database& db, const secret_box& box, attachment_id id) {
    const auto chosen = store::find_attachment(db, box, id);
    const auto s = chosen ? store::find_service(db, chosen->service) : std::nullopt;
    const auto a = chosen ? store::find_app(db, chosen->app) : std::nullopt;
    if (!s || !a) return nothing_to_promote();
    promotion to{.chosen = *chosen, .app = a->name, .plain = kind_of(*s).variable};
    if (chosen->variable == to.plain)
        return fail(errc::conflict, "promoted_already",
                    s->name + " is the " + to.plain + " of " + a->name + " already");
    std::set<std::string> taken;
    if (auto fits = look_around(db, box, *a, to, taken); !fits) return fits.error();
    to.changes[to.plain] = url_of(*s, to.chosen);
    to.changes[chosen->variable] = std::nullopt;
    if (!to.former) return to;
    const auto other = store::find_service(db, to.former->service);
    if (!other) return nothing_to_promote();
    to.own = own_variable(other->name, taken);
    to.changes[to.own] = url_of(*other, *to.former);
    return to;
}

void give_variable(SQLite::Database& db, const secret_box& box, attachment to, const std::string& variable) {
    to.variable = variable;
    store::update_attachment(db, box, to);
}

// Jobs of an app run one after the other: whoever has one of these names now, and had not when this began, only waits
// to be attached, and loses. No variable is two attachments' at any moment: the store would refuse.
void rename(SQLite::Database& db, const secret_box& box, const promotion& to, release_id made) {
    for (const auto& o : store::attachments_of(db, box, to.chosen.app))
        if (!o.active && (o.variable == to.plain || o.variable == to.own)) store::remove_attachment(db, o.id);
    if (to.former) give_variable(db, box, *to.former, to.own);
    give_variable(db, box, to.chosen, to.plain);
    store::mark_service_variables(db, made, to.chosen.app);
}

job_runner::work promote_work(parts& p, attachment_id id, std::string user) {
    return [&p, id, user](job_context& job) { return run_promote(p, id, user, job); };
}

}  // namespace

task<result<>> run_promote(parts& p, attachment_id id, std::string user, job_context& job) {
    auto planned = co_await p.db.read([&](SQLite::Database& db) { return plan_promotion(db, p.box, id); });
    if (!planned) co_return planned.error();
    const auto to = std::move(*planned);
    auto what = "Promote " + to.chosen.service_name + " to " + to.plain;
    job.say("-----> Promoting " + to.chosen.service_name + " from " + to.chosen.variable + " to " + to.plain);
    if (to.former) job.say("       " + to.former->service_name + ", which had it, gets " + to.own);
    release_effect effect = [&p, &to](SQLite::Database& db, const release& r) { rename(db, p.box, to, r.id); };
    auto done =
        co_await release_config(p, to.chosen.app, std::move(user), to.changes, std::move(what), std::move(effect), job);
    if (!done) co_return done.error();
    job.say("       Released v" + std::to_string(done->version));
    co_return result<>();
}

// Until its release is there nothing is changed, and then all is.
task<result<job_runner::work>> resume_promote(parts& p, job cut) {
    const auto input = nlohmann::json::parse(cut.input);
    const attachment_id id{input.at("attachment").get<std::int64_t>()};
    co_return promote_work(p, id, cut.user);
}

task<result<job_id>> services::promote(identity who, std::string name, std::string app, std::string variable) {
    auto found = co_await find_attached(who, name, app, std::move(variable));
    if (!found) co_return found.error();
    auto& p = platform_.shared();
    auto planned = co_await p.db.read([&](SQLite::Database& db) { return plan_promotion(db, p.box, found->id); });
    if (!planned) co_return planned.error();
    const nlohmann::json input{{"service", name}, {"variable", found->variable}, {"attachment", found->id.value}};
    job description{.kind = "promote", .key = app, .input = input.dump(), .user = who.name};
    auto run = promote_work(p, found->id, who.name);
    co_return co_await p.jobs.start(std::move(description), std::move(run));
}

}  // namespace gasper::control
