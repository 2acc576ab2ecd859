// A copy of a database, from one scripted server into another: what comes, what is refused, and what is left when it
// does not come about. crash_test.cpp ends it at each of its moments, tests/e2e/clone_test.py has the servers.
#include "control/clones/clones.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/services/services.hpp"
#include "core/store/audit.hpp"
#include "core/store/jobs.hpp"
#include "tests/support/control_world.hpp"
#include "tests/support/temporary_directory.hpp"

namespace gasper {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using table_rows = std::map<std::string, int>;

class clones_test : public testing::Test {
 protected:
    void SetUp() override {
        control::new_service blue;
        blue.kind = "postgres";
        blue.name = "blue";
        blue.version = "15";
        blue.plan = "medium";
        const auto begun = world.settle(databases().create(world.who(), blue));
        ASSERT_TRUE(begun) << begun.error().message;
        ASSERT_EQ(world.finish(*begun), job_state::succeeded);
        engine.tables["blue"] = {{"orders", 3}, {"things", 5}};
        engine.users["blue"] = {{"u_1", "secret"}};
    }

    control::services databases() { return control::services(world.platform()); }
    result<job_id> clone(const std::string& name, const std::string& version = "", const std::string& of = "blue") {
        control::new_clone wanted;
        wanted.of = of;
        wanted.name = name;
        wanted.version = version;
        return world.settle(control::clones(world.platform()).start(world.who(), wanted));
    }
    std::string refusal(const result<job_id>& begun) { return begun ? "none" : begun.error().code; }
    job job_of(job_id id) { return world.settle(world.jobs().info(id)).value(); }
    /// "blue up", by name.
    std::vector<std::string> there() {
        std::vector<std::string> all;
        for (const auto& v : world.settle(databases().list(world.who())).value())
            all.push_back(v.info.name + " " + v.state);
        return all;
    }
    bool runs(const std::string& name) {
        const auto* server = engine.find("service", name);
        return server && server->running;
    }
    /// Of a copy that did not come about.
    void expect_nothing_of(const std::string& name) {
        EXPECT_TRUE(world.until([&] { return there() == std::vector<std::string>{"blue up"}; }));
        EXPECT_EQ(engine.find("service", name), nullptr);
        EXPECT_EQ(engine.find("service-sandbox", name), nullptr);
        EXPECT_FALSE(std::filesystem::exists(dir.path() / "services" / name));
        EXPECT_EQ(engine.tables["blue"], (table_rows{{"orders", 3}, {"things", 5}}));
        EXPECT_EQ(engine.begun["blue"], 1);
    }

    test::temporary_directory dir;
    test::scripted_cluster cluster;
    test::service_engine engine;
    test::control_world world{dir.path(), cluster, {}, &engine};
};

TEST_F(clones_test, has_all_rows_and_none_of_the_users) {
    const auto begun = clone("green");
    ASSERT_TRUE(begun) << begun.error().message;
    ASSERT_EQ(world.finish(*begun), job_state::succeeded) << job_of(*begun).reason;
    EXPECT_EQ(job_of(*begun).key, "service:blue") << "nothing else is done with blue meanwhile";
    EXPECT_EQ(engine.tables["green"], engine.tables["blue"]);
    EXPECT_THAT(engine.users["green"], IsEmpty());
    EXPECT_THAT(there(), ElementsAre("blue up", "green up"));
    const auto green = world.settle(databases().info(world.who(), "green")).value();
    EXPECT_EQ(green.info.version, "15");
    EXPECT_EQ(green.info.plan, "medium");
    EXPECT_THAT(green.attachments, IsEmpty());
    EXPECT_EQ(engine.begun["blue"], 1) << "blue serves on";
    const auto told = world.read([](SQLite::Database& db) { return store::audit_after(db, 0, 100); });
    EXPECT_TRUE(std::any_of(told.begin(), told.end(), [](const auto& e) {
        return e.action == "service.cloned" && e.app == "service:green" && e.detail == "of blue" && e.user == "ann";
    }));
}

TEST_F(clones_test, may_be_of_a_newer_version_and_not_of_an_older_one) {
    const auto begun = clone("green", "17");
    ASSERT_TRUE(begun) << begun.error().message;
    ASSERT_EQ(world.finish(*begun), job_state::succeeded) << job_of(*begun).reason;
    EXPECT_EQ(world.settle(databases().info(world.who(), "green")).value().info.version, "17");
    EXPECT_EQ(refusal(clone("red", "15", "green")), "service_downgrade");
    EXPECT_EQ(refusal(clone("red", "99")), "service_version");
}

TEST_F(clones_test, what_cannot_be_is_refused_before_a_job_begins) {
    EXPECT_EQ(refusal(clone("blue")), "service_exists");
    EXPECT_EQ(refusal(clone("Not a name")), "service_name");
    EXPECT_EQ(refusal(clone("green", "", "nothing")), "service_not_found");
    world.platform().shared().service_servers.running.erase("blue");
    EXPECT_EQ(refusal(clone("green")), "service_not_running");
    EXPECT_THAT(world.read([](SQLite::Database& db) { return store::unfinished_jobs(db); }), IsEmpty());
    EXPECT_EQ(there().size(), 1u);
}

TEST_F(clones_test, what_is_written_meanwhile_is_in_it_or_not) {
    engine.on_verb = [this](const std::string& verb, const std::string&) {
        if (verb == "restore") engine.tables["blue"]["things"] = 6;
    };
    const auto begun = clone("green");
    ASSERT_EQ(world.finish(begun.value()), job_state::succeeded) << job_of(*begun).reason;
    EXPECT_EQ(engine.tables["green"], (table_rows{{"orders", 3}, {"things", 5}}));
    EXPECT_EQ(engine.tables["blue"]["things"], 6);
}

TEST_F(clones_test, one_that_lacks_rows_is_found_out_and_gone) {
    engine.on_verb = [this](const std::string& verb, const std::string& service) {
        if (verb == "contents" && service == "green") engine.tables["green"]["orders"] = 2;
    };
    const auto begun = clone("green");
    EXPECT_EQ(world.finish(begun.value()), job_state::failed);
    EXPECT_THAT(job_of(*begun).reason, HasSubstr("orders has 2 entries in what was restored, not 3"));
    expect_nothing_of("green");
}

TEST_F(clones_test, servers_that_were_started_before_their_kind_could_count_are_copied_uncounted) {
    engine.unknown = {"contents"};
    const auto begun = clone("green");
    EXPECT_EQ(world.finish(begun.value()), job_state::succeeded) << job_of(*begun).reason;
    EXPECT_EQ(engine.tables["green"], engine.tables["blue"]);
}

TEST_F(clones_test, nobody_touches_it_before_it_is_complete) {
    engine.held = {"dump"};
    const auto begun = clone("green").value();
    ASSERT_TRUE(world.until([&] { return runs("green"); }));
    EXPECT_THAT(there(), ElementsAre("blue up", "green creating"));
    EXPECT_EQ(refusal(world.settle(databases().order(world.who(), "green", "stop"))), "service_not_made");
    EXPECT_EQ(refusal(world.settle(databases().destroy(world.who(), "green", "green"))), "service_not_made");
    control::console_request console;
    console.service = "green";
    EXPECT_EQ(world.settle(databases().open_console(world.who(), console)).error().code, "service_not_made");
    EXPECT_EQ(refusal(clone("red", "", "green")), "service_not_made");
    EXPECT_EQ(refusal(clone("green")), "service_exists");
    const auto restart = world.settle(databases().order(world.who(), "blue", "restart")).value();
    EXPECT_EQ(job_of(restart).state, job_state::waiting) << "a restart of what is copied waits";
    engine.held.clear();
    EXPECT_EQ(world.finish(begun), job_state::succeeded) << job_of(begun).reason;
    EXPECT_EQ(world.finish(restart), job_state::succeeded);
    EXPECT_THAT(there(), ElementsAre("blue up", "green up"));
    EXPECT_EQ(world.finish(world.settle(databases().order(world.who(), "green", "stop")).value()),
              job_state::succeeded);
}

TEST_F(clones_test, cancelled_in_the_middle_nothing_is_left) {
    engine.held = {"dump"};
    const auto begun = clone("green").value();
    ASSERT_TRUE(world.until([&] { return runs("green"); }));
    ASSERT_TRUE(world.settle(world.jobs().cancel(begun, "ann")));
    EXPECT_EQ(world.finish(begun), job_state::aborted);
    expect_nothing_of("green");
}

TEST_F(clones_test, cancelled_while_it_waits_nothing_is_left) {
    engine.held = {"dump"};
    const auto first = clone("green").value();
    ASSERT_TRUE(world.until([&] { return runs("green"); }));
    const auto second = clone("red").value();
    EXPECT_THAT(there(), ElementsAre("blue up", "green creating", "red creating"));
    ASSERT_TRUE(world.settle(world.jobs().cancel(second, "ann")));
    EXPECT_TRUE(world.until([&] { return there().size() == 2; }));
    ASSERT_TRUE(world.settle(world.jobs().cancel(first, "ann")));
    EXPECT_EQ(world.finish(first), job_state::aborted);
    expect_nothing_of("green");
    EXPECT_TRUE(world.until([&] { return world.platform().shared().service_servers.filled.empty(); }));
}

}  // namespace
}  // namespace gasper
