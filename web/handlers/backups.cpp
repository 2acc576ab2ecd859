#include "web/handlers/backups.hpp"

#include <nlohmann/json.hpp>

#include "control/backups/backups.hpp"
#include "control/backups/stores.hpp"
#include "control/platform.hpp"
#include "control/views/views.hpp"
#include "web/handlers/answers.hpp"

namespace gasper::web::handlers {

task<result<response>> list_backups(services& s, call c) {
    auto o = co_await control::backups(s.platform).list(c.who, c.text("service"));
    if (!o) co_return o.error();
    co_return json_response(200, control::as_json(*o));
}

task<result<response>> make_backup(services& s, call c) {
    auto begun = co_await control::backups(s.platform).make(c.who, c.text("service"), text_or(c.body, "to"));
    co_return co_await as_job(s, c.who, std::move(begun));
}

task<result<response>> show_backup(services& s, call c) {
    auto b = co_await control::backups(s.platform).info(c.who, c.text("service"), c.number("backup"));
    if (!b) co_return b.error();
    co_return json_response(200, control::as_json(*b));
}

task<result<response>> remove_backup(services& s, call c) {
    auto removed = co_await control::backups(s.platform).remove(c.who, c.text("service"), c.number("backup"));
    if (!removed) co_return removed.error();
    co_return no_content();
}

task<result<response>> restore_backup(services& s, call c) {
    control::restore_request wanted;
    wanted.service = c.text("service");
    wanted.backup = c.number("backup");
    wanted.into = text_or(c.body, "into");
    wanted.confirm = text_or(c.body, "confirm");
    auto begun = co_await control::backups(s.platform).restore(c.who, std::move(wanted));
    co_return co_await as_job(s, c.who, std::move(begun));
}

task<result<response>> set_backup_schedule(services& s, call c) {
    backup_schedule wanted;
    wanted.schedule = c.body.at("schedule").get<std::string>();
    wanted.zone = text_or(c.body, "zone", wanted.zone);
    wanted.keep = text_or(c.body, "keep", wanted.keep);
    wanted.place = text_or(c.body, "to", wanted.place);
    auto o = co_await control::backups(s.platform).schedule(c.who, c.text("service"), std::move(wanted));
    if (!o) co_return o.error();
    co_return json_response(200, control::as_json(*o));
}

task<result<response>> remove_backup_schedule(services& s, call c) {
    auto removed = co_await control::backups(s.platform).unschedule(c.who, c.text("service"));
    if (!removed) co_return removed.error();
    co_return no_content();
}

task<result<response>> list_backup_stores(services& s, call c) {
    auto all = co_await control::backup_stores(s.platform).list(c.who);
    if (!all) co_return all.error();
    co_return json_response(200, control::as_json(*all));
}

task<result<response>> add_backup_store(services& s, call c) {
    backup_store store;
    store.name = c.body.at("name").get<std::string>();
    store.endpoint = text_or(c.body, "endpoint", "https://s3.amazonaws.com");
    store.region = text_or(c.body, "region", "us-east-1");
    store.access_key = c.body.at("access_key").get<std::string>();
    store.secret_key = c.body.at("secret_key").get<std::string>();
    const auto name = store.name;
    auto added =
        co_await control::backup_stores(s.platform).add(c.who, std::move(store), c.body.at("url").get<std::string>());
    if (!added) co_return added.error();
    co_return json_response(201, nlohmann::json{{"name", name}});
}

task<result<response>> remove_backup_store(services& s, call c) {
    auto removed = co_await control::backup_stores(s.platform).remove(c.who, c.text("store"));
    if (!removed) co_return removed.error();
    co_return no_content();
}

}  // namespace gasper::web::handlers
