#include "web/handlers/backups.hpp"

#include <nlohmann/json.hpp>

#include "control/backups/backups.hpp"
#include "control/backups/stores.hpp"
#include "control/platform.hpp"
#include "web/handlers/views.hpp"

namespace gasper::web::handlers {

namespace {

using nlohmann::json;

json view(const backup& b) {
    return {{"id", b.id.value},
            {"service", b.service_name},
            {"kind", b.kind},
            {"version", b.version},
            {"place", b.place},
            {"origin", b.origin},
            {"state", std::string(to_string(b.state))},
            {"verified", b.verified ? json(to_rfc3339(*b.verified)) : json(nullptr)},
            {"problem", b.problem},
            {"size_bytes", b.size},
            {"dump_bytes", b.dump_size},
            {"created", to_rfc3339(b.created)}};
}

json view(const control::backup_overview& o) {
    json all = json::array();
    for (const auto& b : o.all)
        all.push_back(view(b));
    json schedule;
    if (o.schedule)
        schedule = {{"schedule", o.schedule->schedule},
                    {"zone", o.schedule->zone},
                    {"keep", o.schedule->keep},
                    {"place", o.schedule->place},
                    {"next", o.next ? json(to_rfc3339(*o.next)) : json(nullptr)}};
    return {{"backups", all}, {"schedule", schedule}, {"alarm", o.alarm}};
}

json view(const backup_store& s) {
    return {{"name", s.name},     {"endpoint", s.endpoint}, {"region", s.region},
            {"bucket", s.bucket}, {"prefix", s.prefix},     {"created", to_rfc3339(s.created)}};
}

response no_content() {
    response out;
    out.status = 204;
    return out;
}

task<result<response>> as_job(services& s, control::identity who, result<job_id> begun) {
    if (!begun) co_return begun.error();
    auto started = co_await s.platform.streams().job_info(who, *begun);
    if (!started) co_return started.error();
    co_return accepted(*started);
}

std::string text_or(const json& body, const char* name, const std::string& otherwise = {}) {
    return body.contains(name) ? body.at(name).get<std::string>() : otherwise;
}

}  // namespace

task<result<response>> list_backups(services& s, call c) {
    auto o = co_await control::backups(s.platform).list(c.who, c.text("service"));
    if (!o) co_return o.error();
    co_return json_response(200, view(*o));
}

task<result<response>> make_backup(services& s, call c) {
    auto begun = co_await control::backups(s.platform).make(c.who, c.text("service"), text_or(c.body, "to"));
    co_return co_await as_job(s, c.who, std::move(begun));
}

task<result<response>> show_backup(services& s, call c) {
    auto b = co_await control::backups(s.platform).info(c.who, c.text("service"), c.number("backup"));
    if (!b) co_return b.error();
    co_return json_response(200, view(*b));
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
    co_return json_response(200, view(*o));
}

task<result<response>> remove_backup_schedule(services& s, call c) {
    auto removed = co_await control::backups(s.platform).unschedule(c.who, c.text("service"));
    if (!removed) co_return removed.error();
    co_return no_content();
}

task<result<response>> list_backup_stores(services& s, call c) {
    auto all = co_await control::backup_stores(s.platform).list(c.who);
    if (!all) co_return all.error();
    json out = json::array();
    for (const auto& store : *all)
        out.push_back(view(store));
    co_return json_response(200, out);
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
    co_return json_response(201, json{{"name", name}});
}

task<result<response>> remove_backup_store(services& s, call c) {
    auto removed = co_await control::backup_stores(s.platform).remove(c.who, c.text("store"));
    if (!removed) co_return removed.error();
    co_return no_content();
}

}  // namespace gasper::web::handlers
