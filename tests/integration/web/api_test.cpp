#include "api_fixture.hpp"
#include "web/tokens.hpp"

namespace gasper::web {
namespace {

struct login_test : api_fixture {
    answered log_in(const std::string& password, const std::string& path = "/api/v1/auth/login") {
        return send(make(method::post, path, json{{"name", "ann"}, {"password", password}}.dump()));
    }
};

TEST_F(login_test, gives_a_token_that_opens_the_api) {
    EXPECT_EQ(ask(method::get, "/api/v1/user").body.at("name"), "ann");
}

TEST_F(login_test, refuses_a_wrong_password_and_an_unknown_name_alike) {
    const auto wrong = log_in("wrong");
    const auto unknown = send(make(method::post, "/api/v1/auth/login", R"({"name":"nobody","password":"wrong"})"));
    EXPECT_EQ(wrong.raw.status, 401);
    EXPECT_EQ(wrong.body, unknown.body);
}

TEST_F(login_test, slows_down_guessing) {
    for (int i = 0; i < 5; ++i)
        EXPECT_EQ(log_in("wrong").raw.status, 401);
    const auto refused = log_in("password");
    EXPECT_EQ(refused.raw.status, 429);
    EXPECT_EQ(refused.code(), "too_many_logins");
    EXPECT_FALSE(refused.raw.fields.get("Retry-After").empty());
}

TEST_F(login_test, guards_every_route_but_the_anonymous) {
    for (const auto& r : routes()) {
        if (r.anonymous) continue;
        std::string target(r.pattern);
        for (const auto& [name, value] : std::map<std::string, std::string>{{"{app}", "hello"},
                                                                            {"{node}", "here"},
                                                                            {"{webhook}", "1"},
                                                                            {"{drain}", "1"},
                                                                            {"{service}", "data"},
                                                                            {"{backup}", "1"},
                                                                            {"{store}", "away"},
                                                                            {"{process}", "web"},
                                                                            {"{cron}", "1"},
                                                                            {"{run}", "run.1"},
                                                                            {"{volume}", "data"},
                                                                            {"{version}", "1"},
                                                                            {"{build}", "1"},
                                                                            {"{job}", "1"},
                                                                            {"{key}", "k"}})
            if (const auto at = target.find(name); at != std::string::npos) target.replace(at, name.size(), value);
        EXPECT_EQ(send(make(r.verb, target)).raw.status, 401) << target;
    }
}

TEST_F(login_test, ends_with_the_user) {
    const auto kept = token();
    world.store([](SQLite::Database& db) {
        db.exec("DELETE FROM users WHERE name = 'ann'");
        return 0;
    });
    EXPECT_EQ(ask(method::get, "/api/v1/user").code(), "token_invalid");
}

TEST_F(login_test, keeps_a_session_in_a_cookie_that_scripts_cannot_read) {
    const auto opened = log_in("password", "/api/v1/auth/session");
    const std::string cookie(opened.raw.fields.get("Set-Cookie"));
    EXPECT_NE(cookie.find("HttpOnly; SameSite=Strict"), std::string::npos);
    EXPECT_EQ(opened.raw.body.find("eyJ"), std::string::npos);
    auto r = make(method::get, "/api/v1/user");
    r.fields.add("Cookie", cookie.substr(0, cookie.find(';')));
    EXPECT_EQ(send(r).raw.status, 200);
}

TEST_F(login_test, lets_a_session_change_things_from_its_own_pages_only) {
    const std::string cookie(log_in("password", "/api/v1/auth/session").raw.fields.get("Set-Cookie"));
    const auto create = [&](const char* origin) {
        auto r = make(method::post, "/api/v1/apps", R"({"name":"hello"})");
        r.fields.add("Cookie", cookie.substr(0, cookie.find(';')));
        if (origin) r.fields.add("Origin", origin);
        return send(r);
    };
    EXPECT_EQ(create(nullptr).code(), "foreign_origin");
    EXPECT_EQ(create("null").code(), "foreign_origin");
    EXPECT_EQ(create("http://hello.localhost:8080").code(), "foreign_origin");
    EXPECT_EQ(create("http://localhost:8000").raw.status, 201);
}

TEST_F(login_test, opens_no_session_for_a_foreign_page) {
    auto r = make(method::post, "/api/v1/auth/session", R"({"name":"ann","password":"password"})");
    r.fields.add("Origin", "https://evil.example");
    EXPECT_EQ(send(r).code(), "foreign_origin");
}

struct api_test : api_fixture {};

TEST_F(api_test, answers_for_its_own_names_only) {
    auto r = make(method::get, "/api/v1/apps");
    r.fields.set("Host", "evil.example");
    EXPECT_EQ(send(r).raw.status, 421);
    auto health = make(method::get, "/healthz");
    health.fields.set("Host", "10.0.0.9.nip.example");
    EXPECT_EQ(send(health).raw.status, 200);
}

TEST_F(api_test, says_what_is_wrong_with_a_path_or_method) {
    EXPECT_EQ(ask(method::get, "/api/v2/apps").code(), "not_found");
    const auto wrong = ask(method::put, "/api/v1/apps");
    EXPECT_EQ(wrong.raw.status, 405);
    EXPECT_EQ(wrong.raw.fields.get("Allow"), "GET, POST");
    EXPECT_EQ(ask(method::get, "/%zz").raw.status, 400);
}

TEST_F(api_test, says_what_runs_here_and_where_apps_are) {
    const auto here = ask(method::get, "/api/v1/version").body;
    EXPECT_EQ(here.at("domain"), "localhost");
    EXPECT_EQ(here.at("git_url"), "ssh://git@localhost:2222/");
}

TEST_F(api_test, creates_and_lists_apps) {
    const auto made = ask(method::post, "/api/v1/apps", R"({"name":"hello"})");
    EXPECT_EQ(made.raw.status, 201);
    EXPECT_EQ(made.raw.fields.get("Location"), "/api/v1/apps/hello");
    EXPECT_EQ(made.body.at("state"), "new");
    const auto listed = ask(method::get, "/api/v1/apps");
    ASSERT_EQ(listed.body.size(), 1u);
    EXPECT_EQ(listed.body[0].at("urls")[0], "http://hello.localhost:8080");
    EXPECT_EQ(ask(method::post, "/api/v1/apps", R"({"name":"hello"})").raw.status, 409);
}

TEST_F(api_test, refuses_bodies_that_are_not_as_described) {
    const auto code = [&](const char* body) { return ask(method::post, "/api/v1/apps", body).code(); };
    EXPECT_EQ(code("{"), "malformed_json");
    EXPECT_EQ(code(R"({"name":"hello","owner":1})"), "unknown_field");
    EXPECT_EQ(code(R"({})"), "missing_field");
    EXPECT_EQ(code(R"({"name":7})"), "invalid_field");
    auto form = make(method::post, "/api/v1/apps", "name=hello");
    form.fields.set("Content-Type", "application/x-www-form-urlencoded");
    form.fields.add("Authorization", "Bearer " + token());
    EXPECT_EQ(send(form).raw.status, 415);
    EXPECT_TRUE(ask(method::get, "/api/v1/apps").body.empty());
}

TEST_F(api_test, tells_nobody_of_anothers_app) {
    ask(method::post, "/api/v1/apps", R"({"name":"hello"})");
    world.store([](SQLite::Database& db) { return store::add_user(db, "bob", "", false).value; });
    const auto bob =
        world.store([](SQLite::Database& db) { return store::find_user(db, std::string("bob"))->user.id; });
    const tokens logins(world.box().derive("jwt"), settings.session);
    for (const char* path :
         {"/api/v1/apps/hello", "/api/v1/apps/hello/config", "/api/v1/apps/hello/logs", "/api/v1/apps/nothing"}) {
        auto r = make(method::get, path);
        r.fields.add("Authorization", "Bearer " + logins.issue(bob).text);
        const auto got = send(r);
        EXPECT_EQ(got.raw.status, 404) << path;
        EXPECT_EQ(got.code(), "app_not_found");
    }
}

TEST_F(api_test, destroys_an_app_when_its_name_is_said_twice) {
    ask(method::post, "/api/v1/apps", R"({"name":"hello"})");
    EXPECT_EQ(ask(method::del, "/api/v1/apps/hello").code(), "missing_parameter");
    EXPECT_EQ(ask(method::del, "/api/v1/apps/hello?confirm=hell").raw.status, 422);
    EXPECT_EQ(ask(method::del, "/api/v1/apps/hello?confirm=hello").raw.status, 204);
    EXPECT_EQ(ask(method::get, "/api/v1/apps/hello").raw.status, 404);
}

TEST_F(api_test, sets_and_unsets_config_vars) {
    ask(method::post, "/api/v1/apps", R"({"name":"hello"})");
    const auto set = ask(method::patch, "/api/v1/apps/hello/config", R"({"COLOUR":"green","SIZE":"1"})");
    ASSERT_EQ(set.raw.status, 202) << set.body;
    EXPECT_EQ(world.finish(job_id{set.body.at("id")}), job_state::succeeded);
    EXPECT_EQ(ask(method::get, "/api/v1/apps/hello/config").body, (json{{"COLOUR", "green"}, {"SIZE", "1"}}));
    const auto same = ask(method::patch, "/api/v1/apps/hello/config", R"({"SIZE":"1"})");
    EXPECT_EQ(same.raw.status, 200);
    world.finish(job_id{ask(method::patch, "/api/v1/apps/hello/config", R"({"COLOUR":null})").body.at("id")});
    EXPECT_EQ(ask(method::get, "/api/v1/apps/hello/config").body, (json{{"SIZE", "1"}}));
    EXPECT_EQ(ask(method::patch, "/api/v1/apps/hello/config", R"({"PORT":"1"})").raw.status, 422);
}

TEST_F(api_test, shows_the_names_of_config_vars_in_releases_and_no_value) {
    ask(method::post, "/api/v1/apps", R"({"name":"hello"})");
    world.finish(job_id{ask(method::patch, "/api/v1/apps/hello/config", R"({"TOKEN":"s3cret"})").body.at("id")});
    const auto listed = ask(method::get, "/api/v1/apps/hello/releases");
    ASSERT_EQ(listed.body.size(), 1u);
    EXPECT_EQ(listed.body[0].at("config_names"), (json{"TOKEN"}));
    EXPECT_EQ(listed.raw.body.find("s3cret"), std::string::npos);
    EXPECT_EQ(ask(method::get, "/api/v1/apps/hello/releases/1").body.at("version"), 1);
    EXPECT_EQ(ask(method::get, "/api/v1/apps/hello/releases/9").raw.status, 404);
}

TEST_F(api_test, rolls_back_as_a_job) {
    world.deployed("hello", std::string(40, 'a'));
    world.deployed("hello", std::string(40, 'b'));
    const auto back = ask(method::post, "/api/v1/apps/hello/releases", R"({"rollback":1})");
    ASSERT_EQ(back.raw.status, 202) << back.body;
    EXPECT_EQ(back.raw.fields.get("Location"), "/api/v1/jobs/" + back.body.at("id").dump());
    world.finish(job_id{back.body.at("id")});
    EXPECT_EQ(ask(method::get, "/api/v1/jobs/" + back.body.at("id").dump()).body.at("kind"), "rollback");
    EXPECT_EQ(ask(method::post, "/api/v1/apps/hello/releases", R"({"rollback":99})").raw.status, 404);
}

TEST_F(api_test, streams_a_jobs_log_and_its_end) {
    ask(method::post, "/api/v1/apps", R"({"name":"hello"})");
    const auto id = ask(method::patch, "/api/v1/apps/hello/config", R"({"A":"1"})").body.at("id").dump();
    world.finish(job_id{std::stoll(id)});
    const auto stream = ask(method::get, "/api/v1/jobs/" + id + "/log");
    EXPECT_EQ(stream.raw.fields.get("Content-Type"), "text/event-stream");
    const auto text = read_events(stream.raw);
    EXPECT_TRUE(text.starts_with("id: 1\ndata: -----> Set A config var")) << text;
    EXPECT_NE(text.find("event: end\ndata: {\"reason\":\"\",\"state\":\"succeeded\"}"), std::string::npos) << text;
}

TEST_F(api_test, goes_on_behind_the_last_event) {
    ask(method::post, "/api/v1/apps", R"({"name":"hello"})");
    const auto id = ask(method::patch, "/api/v1/apps/hello/config", R"({"A":"1"})").body.at("id").dump();
    world.finish(job_id{std::stoll(id)});
    auto r = make(method::get, "/api/v1/jobs/" + id + "/log");
    r.fields.add("Authorization", "Bearer " + token());
    r.fields.add("Last-Event-ID", "1");
    const auto text = read_events(send(r).raw);
    EXPECT_EQ(text.find("id: 1\n"), std::string::npos) << text;
    EXPECT_NE(text.find("event: end"), std::string::npos);
}

TEST_F(api_test, keeps_ssh_keys) {
    const std::string line =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl ann@laptop";
    const auto made = ask(method::post, "/api/v1/keys", json{{"name", "laptop"}, {"key", line}}.dump());
    ASSERT_EQ(made.raw.status, 201) << made.body;
    EXPECT_EQ(ask(method::get, "/api/v1/keys").body.size(), 1u);
    EXPECT_EQ(ask(method::post, "/api/v1/keys", R"({"name":"x","key":"nonsense"})").raw.status, 422);
    EXPECT_EQ(ask(method::del, std::string(made.raw.fields.get("Location"))).raw.status, 204);
    EXPECT_TRUE(ask(method::get, "/api/v1/keys").body.empty());
}

TEST_F(api_test, shows_the_machines) {
    const auto nodes = ask(method::get, "/api/v1/nodes");
    ASSERT_EQ(nodes.raw.status, 200);
    ASSERT_EQ(nodes.body.size(), 1u);
    EXPECT_EQ(nodes.body[0].at("capacity").at("memory_bytes"), 64ll << 30);
    EXPECT_EQ(ask(method::get, "/api/v1/nodes/here").body, nodes.body[0]);
    EXPECT_EQ(ask(method::get, "/api/v1/nodes/there").code(), "node_not_found");
}

TEST_F(api_test, shows_what_an_app_used) {
    world.deployed("hello");
    ASSERT_TRUE(world.settle(world.platform().recover()));
    ASSERT_TRUE(world.until([&] { return world.routed("hello").size() == 1; }));
    auto& metrics = world.platform().metrics();
    const auto sample = [&] { return metrics.sample_once(now(), control::metrics::clock::now()); };
    auto first = sample();
    world.run(std::move(first));
    metrics.add_requests("hello", {.requests = 8, .by_class = {0, 0, 7, 0, 0, 1}, .latency = {8}, .latency_us = 8000});
    metrics.add_requests("nobodys",
                         {.requests = 8, .by_class = {0, 0, 7, 0, 0, 1}, .latency = {8}, .latency_us = 8000});
    auto second = sample();
    world.run(std::move(second));
    const auto shown = ask(method::get, "/api/v1/apps/hello/metrics");
    ASSERT_EQ(shown.raw.status, 200);
    EXPECT_EQ(shown.body.at("step"), 30);
    ASSERT_EQ(shown.body.at("requests").size(), 1u);
    EXPECT_EQ(shown.body.at("requests")[0].at("requests"), 8);
    ASSERT_EQ(shown.body.at("instances").size(), 1u);
    EXPECT_EQ(shown.body.at("instances")[0].at("name"), "web.1");
    EXPECT_EQ(ask(method::get, "/api/v1/apps/hello/metrics?step=1&from=1").code(), "metrics_step");
    EXPECT_EQ(ask(method::get, "/api/v1/apps/hello/metrics?from=20&to=10").code(), "metrics_span");
    EXPECT_EQ(ask(method::get, "/api/v1/apps/nobodys/metrics").raw.status, 404);
}

TEST_F(api_test, shows_who_changed_what) {
    ask(method::post, "/api/v1/apps", R"({"name":"audited"})");
    ask(method::del, "/api/v1/apps/audited?confirm=audited");
    const auto events = ask(method::get, "/api/v1/events?app=audited&limit=10");
    ASSERT_EQ(events.raw.status, 200);
    ASSERT_EQ(events.body.size(), 2u);
    EXPECT_EQ(events.body[0].at("action"), "app.destroyed");
    EXPECT_EQ(events.body[0].at("user"), "ann");
    const auto older = ask(method::get, "/api/v1/events?before=" + std::to_string(events.body[0].at("id").get<int>()));
    EXPECT_EQ(older.body.front().at("action"), "app.created");
}

TEST_F(api_test, keeps_webhooks) {
    ask(method::post, "/api/v1/apps", R"({"name":"hello"})");
    const std::string path = "/api/v1/apps/hello/webhooks";
    const auto made = ask(method::post, path, R"({"url":"https://hooks.example.org/"})");
    ASSERT_EQ(made.raw.status, 201);
    EXPECT_EQ(made.body.at("secret").get<std::string>().size(), 64u);
    EXPECT_EQ(ask(method::post, path, R"({"url":"nonsense"})").raw.status, 422);
    const auto listed = ask(method::get, path);
    ASSERT_EQ(listed.body.size(), 1u);
    EXPECT_FALSE(listed.body[0].contains("secret"));
    EXPECT_EQ(ask(method::del, std::string(made.raw.fields.get("Location"))).raw.status, 204);
    EXPECT_TRUE(ask(method::get, path).body.empty());
}

TEST_F(api_test, reads_large_bodies_from_known_callers_only) {
    auto r = make(method::post, "/api/v1/apps");
    const auto stranger = api_.body_limit(r);
    r.fields.add("Authorization", "Bearer " + token());
    EXPECT_EQ(api_.body_limit(r), settings.max_body);
    EXPECT_LT(stranger, 10'000u);
}

struct dashboard_test : api_fixture {};

TEST_F(dashboard_test, is_a_page_at_every_path_that_is_no_file) {
    for (const char* path : {"/", "/apps", "/apps/hello/config"}) {
        const auto page = send(make(method::get, path));
        EXPECT_EQ(page.raw.status, 200);
        EXPECT_TRUE(page.raw.fields.get("Content-Type").starts_with("text/html"));
        EXPECT_EQ(page.raw.fields.get("Cache-Control"), "no-cache");
    }
    EXPECT_EQ(send(make(method::get, "/missing.js")).raw.status, 404);
    EXPECT_EQ(send(make(method::post, "/")).raw.status, 405);
}

TEST_F(dashboard_test, is_sent_once) {
    const auto first = send(make(method::get, "/"));
    auto again = make(method::get, "/");
    again.fields.add("If-None-Match", std::string(first.raw.fields.get("ETag")));
    EXPECT_EQ(send(again).raw.status, 304);
}

}  // namespace
}  // namespace gasper::web
