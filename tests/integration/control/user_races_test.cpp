// Credentials that change while the server they are for is replaced: whoever was given a user has it afterwards.
#include <gtest/gtest.h>

#include <set>

#include "control/backups/backups.hpp"
#include "core/store/apps.hpp"
#include "core/store/services.hpp"
#include "tests/integration/control/attached_database.hpp"

namespace gasper {
namespace {

class user_races_test : public attached_database {
 protected:
    void SetUp() override {
        attach_blue("redis");
        if (HasFatalFailure()) return;
        engine.tables["blue"] = {{"things", 5}};
        expect_done(world.settle(backups().make(world.who(), "blue", "")));
        engine.on_verb = [this](const std::string& verb, const std::string& service) { hear(verb, service); };
    }

    control::backups backups() { return control::backups(world.platform()); }
    job_id restore() {
        control::restore_request wanted;
        wanted.service = wanted.confirm = "blue";
        wanted.backup = world.settle(backups().list(world.who(), "blue")).value().all.at(0).id.value;
        return world.settle(backups().restore(world.who(), wanted)).value();
    }
    /// A new user, as far as the server that serves now; the release with it does not come before the app may start.
    job_id rotate_half() {
        cluster.slow_starts = {"web.1"};
        const auto begun = world.settle(databases().rotate(world.who(), "blue", "hello", "")).value();
        EXPECT_TRUE(world.until([&] { return engine.users["blue"].size() == 2; }));
        const auto starts = [&] { return cluster.starts["web.1"] > starts_before; };
        EXPECT_TRUE(world.until(starts));
        return begun;
    }
    attachment attached() {
        return world.read([&](SQLite::Database& db) {
            return store::attachments_of(db, world.box(), store::find_app(db, "hello")->id).at(0);
        });
    }
    /// The restore ends while the app starts, then the rotation.
    void expect_user_after(job_id restored, job_id rotated) {
        engine.held.clear();
        expect_done(restored);
        EXPECT_EQ(engine.users["blue"].size(), 2u) << "instances of before have their user until they are gone";
        cluster.slow_starts.clear();
        expect_done(rotated);
        const auto now = attached();
        ASSERT_TRUE(engine.users["blue"].contains(now.user)) << "the app lost its way in";
        EXPECT_EQ(engine.users["blue"][now.user], now.password);
        EXPECT_TRUE(world.until([&] { return engine.users["blue"].size() == 1; })) << "the old one goes";
        EXPECT_TRUE(engine.users["blue"].contains(now.user));
    }
    bool heard(const std::string& what) const { return heard_.contains(what); }

    int starts_before{0};
    bool stops_late{false};  // the server that serves is still there once the one beside it has its users

 private:
    void hear(const std::string& verb, const std::string& service) {
        const bool beside = service.starts_with("blue.");
        heard_.insert(verb + (beside ? " beside" : " blue"));
        if (stops_late && beside && verb == "grant") engine.held = {"ready"};
    }
    std::set<std::string> heard_;
};

TEST_F(user_races_test, a_rotation_before_the_restored_server_has_its_users) {
    engine.held = {"restore"};
    const auto restored = restore();
    ASSERT_TRUE(world.until([&] { return heard("restore beside"); }));
    starts_before = cluster.starts["web.1"];
    const auto rotated = rotate_half();
    expect_user_after(restored, rotated);
}

TEST_F(user_races_test, a_rotation_after_the_restored_server_had_its_users) {
    stops_late = true;
    const auto restored = restore();
    ASSERT_TRUE(world.until([&] { return heard("ready blue"); })) << "it is about to be stopped";
    starts_before = cluster.starts["web.1"];
    const auto rotated = rotate_half();
    expect_user_after(restored, rotated);
}

}  // namespace
}  // namespace gasper
