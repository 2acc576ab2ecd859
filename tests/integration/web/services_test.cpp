#include "control/services/services.hpp"
#include "core/store/archives.hpp"
#include "core/store/jobs.hpp"
#include "core/store/services.hpp"
#include "tests/integration/web/api_fixture.hpp"

namespace gasper::web {
namespace {

class service_api_test : public api_fixture {
 protected:
    service_api_test() {
        cluster.services = &engine;
        add("blue", "postgres", "15");
        add("cache", "redis", "7");
    }

    void add(const std::string& name, const std::string& kind, const std::string& version) {
        world.store([&](SQLite::Database& db) {
            service s;
            s.name = name;
            s.kind = kind;
            s.version = version;
            s.plan = "small";
            s.owner = world.who().id;
            s.id = store::add_service(db, s);
            s.made = true;
            store::update_service(db, s);
        });
    }

    /// As supervision has it on its board.
    void runs(const std::string& name) {
        engine.containers["c-" + name] = {.id = "c-" + name, .role = "service", .service = name, .running = true};
        board().running[name] = {
            .name = name, .container = "c-" + name, .address = "10.213.7.2", .state = instance_state::up};
    }
    control::service_board& board() { return world.platform().shared().service_servers; }
    answered get(const std::string& path) { return ask(method::get, "/api/v1/" + path); }

    test::service_engine engine;
};

TEST_F(service_api_test, slow_statements_are_what_the_server_says) {
    runs("blue");
    engine.prints["slow"] = R"([{"query":"DELETE FROM t WHERE a = $1","calls":3,"longest_ms":2001.5,"mean_ms":1400},)"
                            R"({"query":7},"other",{"query":"SELECT 1","calls":"many"}])";
    const auto slow = get("services/blue/slow");
    ASSERT_EQ(slow.raw.status, 200);
    ASSERT_EQ(slow.body.size(), 2u);
    EXPECT_EQ(slow.body[0].at("statement"), "DELETE FROM t WHERE a = $1");
    EXPECT_EQ(slow.body[0].at("calls"), 3);
    EXPECT_EQ(slow.body[0].at("longest_ms"), 2001.5);
    EXPECT_EQ(slow.body[0].at("mean_ms"), 1400.0);
    EXPECT_EQ(slow.body[1].at("calls"), 0);
    engine.prints["slow"] = "no JSON";
    EXPECT_EQ(get("services/blue/slow").body, json::array());
}

TEST_F(service_api_test, slow_statements_that_cannot_be_had_are_a_problem_with_its_reason) {
    runs("cache");
    engine.unknown = {"slow"};  // it was started when its kind had no such verb
    EXPECT_EQ(get("services/cache/slow").raw.status, 409);
    EXPECT_EQ(get("services/cache/slow").code(), "no_slow_statements");
    const auto away = get("services/blue/slow");
    EXPECT_EQ(away.raw.status, 409);
    EXPECT_EQ(away.code(), "service_not_running");
    EXPECT_EQ(get("services/green/slow").raw.status, 404);
}

TEST_F(service_api_test, kinds_say_that_they_keep_slow_statements) {
    const auto kinds = get("service-kinds");
    std::map<std::string, bool> keeps;
    for (const auto& kind : kinds.body)
        keeps[kind.at("name")] = kind.at("slow_statements").get<bool>();
    const std::map<std::string, bool> all{{"mariadb", true}, {"mongodb", true}, {"postgres", true}, {"redis", true}};
    EXPECT_EQ(keeps, all);
}

TEST_F(service_api_test, a_list_has_what_servers_said_last_and_asks_them_for_the_next) {
    runs("blue");
    engine.prints["version"] = "15.8\n";
    engine.prints["stats"] =
        R"({"size_bytes":4096,"connections":2,"max_connections":27,"hit_ratio":0.5,"slow_queries":1})";
    EXPECT_TRUE(get("services").body[0].at("stats").is_null());
    ASSERT_TRUE(world.until([&] { return board().figures.contains("blue"); }));
    const auto listed = get("services").body;
    EXPECT_EQ(listed[0].at("stats").at("size_bytes"), 4096);
    EXPECT_EQ(listed[0].at("address"), "10.213.7.2");
    EXPECT_TRUE(listed[1].at("stats").is_null()) << "it does not run";
    EXPECT_TRUE(listed[1].at("address").is_null());
    board().running.clear();
    EXPECT_TRUE(get("services").body[0].at("stats").is_null()) << "it did run";
}

TEST_F(service_api_test, a_database_and_its_backups_say_which_moments_are_covered) {
    EXPECT_TRUE(get("services/blue").body.at("archive").is_null());
    const auto begins = sys_time(std::chrono::hours(490'000)), until = begins + std::chrono::minutes(5);
    world.store([&](SQLite::Database& db) {
        archive a;
        a.service = store::find_service(db, "blue")->id;
        a.service_name = "blue";
        a.owner = world.who().id;
        a.kind = "postgres";
        a.plan = "small";
        a.id = store::add_archive(db, a);
        archive_base b;
        b.archive = a.id;
        b.run = "1a2b";
        b.version = "15";
        b.place = "local";
        b.object = "base";
        b.first = b.last = 3;
        b.id = store::add_archive_base(db, b);
        b.begins = begins;
        b.verified = until;
        store::update_archive_base(db, b);
        archive_segment s{.archive = a.id, .run = "1a2b", .number = 3, .name = "AA", .place = "local", .object = "AA"};
        s.until = until;
        store::put_archive_segment(db, s);
    });
    const auto archived = get("services/blue/archive").body;
    ASSERT_EQ(archived.at("covered").size(), 1u);
    EXPECT_EQ(archived.at("covered")[0].at("from"), to_rfc3339(begins));
    EXPECT_EQ(archived.at("covered")[0].at("until"), to_rfc3339(until));
    EXPECT_EQ(get("services/blue").body.at("archive"), archived);
    EXPECT_EQ(get("services/blue/backups").body.at("archive"), archived);
    EXPECT_TRUE(get("services/cache/backups").body.at("archive").is_null());
}

TEST_F(service_api_test, jobs_of_one_database_are_listed_for_who_may_use_it) {
    world.store([](SQLite::Database& db) {
        store::add_job(db, {.kind = "backup", .key = "service:blue", .input = "{}", .user = "ann"});
        store::add_job(db, {.kind = "service-stop", .key = "service:cache", .input = "{}", .user = "ann"});
    });
    const auto jobs = get("jobs?app=service:blue").body;
    ASSERT_EQ(jobs.size(), 1u);
    EXPECT_EQ(jobs[0].at("kind"), "backup");
    EXPECT_EQ(jobs[0].at("app"), "service:blue");
    EXPECT_EQ(get("jobs?app=service:green").raw.status, 404);
}

}  // namespace
}  // namespace gasper::web
