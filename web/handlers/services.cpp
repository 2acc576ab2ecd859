#include "web/handlers/services.hpp"

#include <nlohmann/json.hpp>

#include "control/clones/clones.hpp"
#include "control/platform.hpp"
#include "control/services/services.hpp"
#include "control/upgrades/upgrades.hpp"
#include "control/views/views.hpp"
#include "web/handlers/answers.hpp"

namespace gasper::web::handlers {

task<result<response>> list_service_kinds(services&, call) {
    auto out = nlohmann::json::array();
    for (const auto& k : runtime::all_kinds()) {
        auto plans = nlohmann::json::array();
        for (const auto& p : k.plans)
            plans.push_back({{"name", p.name}, {"memory_bytes", p.limit.memory_bytes}, {"cpus", p.limit.cpus}});
        out.push_back({{"name", k.name},
                       {"title", k.title},
                       {"versions", k.versions},
                       {"variable", k.variable},
                       {"slow_statements", k.has("slow")},
                       {"plans", plans}});
    }
    co_return json_response(200, out);
}

task<result<response>> list_services(services& s, call c) {
    control::services databases(s.platform);
    auto all = co_await databases.list(c.who);
    if (!all) co_return all.error();
    databases.ask_figures();
    co_return json_response(200, control::as_json(*all));
}

task<result<response>> create_service(services& s, call c) {
    control::new_service wanted{.kind = c.body.at("kind").get<std::string>(),
                                .name = c.body.at("name").get<std::string>(),
                                .plan = text_or(c.body, "plan"),
                                .version = text_or(c.body, "version")};
    auto begun = co_await control::services(s.platform).create(c.who, std::move(wanted));
    co_return co_await as_job(s, c.who, std::move(begun));
}

task<result<response>> show_service(services& s, call c) {
    auto v = co_await control::services(s.platform).info(c.who, c.text("service"));
    if (!v) co_return v.error();
    co_return json_response(200, control::as_json(*v));
}

task<result<response>> list_slow_statements(services& s, call c) {
    auto all = co_await control::services(s.platform).slow(c.who, c.text("service"));
    if (!all) co_return all.error();
    co_return json_response(200, control::as_json(*all));
}

task<result<response>> destroy_service(services& s, call c) {
    auto begun = co_await control::services(s.platform).destroy(c.who, c.text("service"), c.query.at("confirm"));
    co_return co_await as_job(s, c.who, std::move(begun));
}

task<result<response>> attach_service(services& s, call c) {
    control::new_attachment wanted{
        .service = c.text("service"), .app = c.body.at("app").get<std::string>(), .alias = text_or(c.body, "as")};
    if (text_or(c.body, "rights") == "ro") wanted.rights = service_rights::read_only;
    auto begun = co_await control::services(s.platform).attach(c.who, std::move(wanted));
    co_return co_await as_job(s, c.who, std::move(begun));
}

task<result<response>> detach_service(services& s, call c) {
    const auto variable = c.query.contains("variable") ? c.query.at("variable") : std::string();
    auto begun = co_await control::services(s.platform).detach(c.who, c.text("service"), c.text("app"), variable);
    co_return co_await as_job(s, c.who, std::move(begun));
}

task<result<response>> order_service(services& s, call c) {
    const auto what = c.body.at("do").get<std::string>();
    auto begun = co_await control::services(s.platform).order(c.who, c.text("service"), what);
    co_return co_await as_job(s, c.who, std::move(begun));
}

task<result<response>> clone_service(services& s, call c) {
    control::new_clone wanted;
    wanted.of = c.text("service");
    wanted.name = c.body.at("name").get<std::string>();
    wanted.plan = text_or(c.body, "plan");
    wanted.version = text_or(c.body, "version");
    auto begun = co_await control::clones(s.platform).start(c.who, std::move(wanted));
    co_return co_await as_job(s, c.who, std::move(begun));
}

task<result<response>> upgrade_service(services& s, call c) {
    const auto version = text_or(c.body, "version");
    auto begun = co_await control::upgrades(s.platform).start(c.who, c.text("service"), version);
    co_return co_await as_job(s, c.who, std::move(begun));
}

task<result<response>> confirm_upgrade(services& s, call c) {
    auto done = co_await control::upgrades(s.platform).confirm(c.who, c.text("service"));
    if (!done) co_return done.error();
    co_return no_content();
}

task<result<response>> roll_back_upgrade(services& s, call c) {
    const auto confirm = c.body.at("confirm").get<std::string>();
    auto begun = co_await control::upgrades(s.platform).roll_back(c.who, c.text("service"), confirm);
    co_return co_await as_job(s, c.who, std::move(begun));
}

task<result<response>> rotate_credentials(services& s, call c) {
    const auto variable = text_or(c.body, "variable");
    auto begun = co_await control::services(s.platform).rotate(c.who, c.text("service"), c.text("app"), variable);
    co_return co_await as_job(s, c.who, std::move(begun));
}

task<result<response>> promote_attachment(services& s, call c) {
    const auto variable = text_or(c.body, "variable");
    auto begun = co_await control::services(s.platform).promote(c.who, c.text("service"), c.text("app"), variable);
    co_return co_await as_job(s, c.who, std::move(begun));
}

}  // namespace gasper::web::handlers
