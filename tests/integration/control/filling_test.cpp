// A backup that becomes a database of its own: one job makes it and fills it, and it is there when that is done.
// crash_test.cpp ends it at each of its moments, tests/e2e/backups_test.py and archive_test.py have the servers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/backups/backups.hpp"
#include "tests/integration/control/attached_database.hpp"

namespace gasper {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class filling_test : public attached_database {
 protected:
    void SetUp() override {
        attach_blue("redis");
        if (HasFatalFailure()) return;
        engine.tables["blue"] = {{"orders", 3}, {"things", 5}};
        expect_done(world.settle(backups().make(world.who(), "blue", "")));
    }

    control::backups backups() { return control::backups(world.platform()); }
    result<job_id> restore(const std::string& into) {
        control::restore_request wanted;
        wanted.service = "blue";
        wanted.into = into;
        wanted.backup = world.settle(backups().list(world.who(), "blue")).value().all.at(0).id.value;
        return world.settle(backups().restore(world.who(), wanted));
    }
    result<job_id> attach_green() {
        control::new_attachment wanted;
        wanted.service = "green";
        wanted.app = "hello";
        wanted.alias = "GREEN";
        return world.settle(databases().attach(world.who(), wanted));
    }
    std::string refusal(const result<job_id>& begun) { return begun ? "none" : begun.error().code; }
    /// "blue up", by name.
    std::vector<std::string> there() {
        std::vector<std::string> all;
        for (const auto& v : world.settle(databases().list(world.who())).value())
            all.push_back(v.info.name + " " + v.state);
        return all;
    }
    /// Begins it; its server runs and is being filled.
    job_id half_filled() {
        engine.held = {"restore"};
        const auto begun = restore("green").value();
        EXPECT_TRUE(world.until([&] { return engine.find("service", "green") && engine.begun["green"] == 1; }));
        return begun;
    }
    void expect_nothing_of_green() {
        EXPECT_TRUE(world.until([&] { return there() == std::vector<std::string>{"blue up"}; }));
        EXPECT_EQ(engine.find("service", "green"), nullptr);
        EXPECT_EQ(engine.find("service-sandbox", "green"), nullptr);
        EXPECT_FALSE(std::filesystem::exists(dir.path() / "services" / "green"));
        EXPECT_TRUE(world.until([&] { return world.platform().shared().service_servers.filled.empty(); }));
    }
};

TEST_F(filling_test, has_all_rows_and_none_of_the_users) {
    expect_done(restore("green"));
    EXPECT_EQ(engine.tables["green"], engine.tables["blue"]);
    EXPECT_THAT(engine.users["green"], IsEmpty());
    EXPECT_THAT(there(), ElementsAre("blue up", "green up"));
    expect_done(attach_green());
}

TEST_F(filling_test, nobody_touches_it_before_it_is_complete) {
    const auto begun = half_filled();
    const job_id before{begun.value - 1};
    EXPECT_EQ(world.settle(world.jobs().info(before)).value().kind, "backup") << "no job made it empty first";
    EXPECT_THAT(there(), ElementsAre("blue up", "green creating"));
    EXPECT_EQ(refusal(attach_green()), "service_not_made");
    EXPECT_EQ(refusal(world.settle(databases().order(world.who(), "green", "stop"))), "service_not_made");
    EXPECT_EQ(refusal(world.settle(databases().destroy(world.who(), "green", "green"))), "service_not_made");
    EXPECT_EQ(refusal(world.settle(backups().make(world.who(), "green", ""))), "service_not_made");
    EXPECT_EQ(refusal(restore("green")), "service_exists");
    engine.held.clear();
    expect_done(begun);
    expect_done(attach_green());
    EXPECT_EQ(engine.tables["green"], engine.tables["blue"]);
}

TEST_F(filling_test, one_that_cannot_be_filled_is_gone) {
    engine.unknown = {"restore"};
    const auto begun = restore("green").value();
    EXPECT_EQ(world.finish(begun), job_state::failed);
    expect_nothing_of_green();
}

TEST_F(filling_test, cancelled_in_the_middle_nothing_is_left) {
    const auto begun = half_filled();
    ASSERT_TRUE(world.settle(world.jobs().cancel(begun, "ann")));
    EXPECT_EQ(world.finish(begun), job_state::aborted);
    expect_nothing_of_green();
}

}  // namespace
}  // namespace gasper
