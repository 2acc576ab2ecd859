#include "core/store/upgrades.hpp"
#include "core/store/services.hpp"
#include "tests/integration/web/api_fixture.hpp"

namespace gasper::web {
namespace {

class upgrade_api_test : public api_fixture {
 protected:
    upgrade_api_test() {
        world.store([this](SQLite::Database& db) {
            service s;
            s.name = "blue";
            s.kind = "postgres";
            s.version = "17";
            s.plan = "small";
            s.owner = world.who().id;
            s.id = store::add_service(db, s);
            s.made = true;
            store::update_service(db, s);
            upgrade u{.service = s.id, .before = "15", .after = "17", .directory = "kept-1a2b3c4d"};
            u.state = upgrade_state::kept;
            u.size = 12345;
            u.created = now();
            store::set_upgrade(db, u);
        });
    }
    answered post(const std::string& path, const std::string& body = {}) {
        return ask(method::post, "/api/v1/services/" + path, body);
    }
};

TEST_F(upgrade_api_test, what_is_kept_is_shown_until_it_is_confirmed) {
    const auto shown = ask(method::get, "/api/v1/services/blue");
    ASSERT_EQ(shown.raw.status, 200);
    EXPECT_EQ(shown.body.at("version"), "17");
    EXPECT_EQ(shown.body.at("kept").at("version"), "15");
    EXPECT_EQ(shown.body.at("kept").at("size_bytes"), 12345);
    EXPECT_EQ(post("blue/upgrade/confirmation").raw.status, 204);
    EXPECT_TRUE(ask(method::get, "/api/v1/services/blue").body.at("kept").is_null());
    const auto again = post("blue/upgrade/confirmation");
    EXPECT_EQ(again.raw.status, 404);
    EXPECT_EQ(again.code(), "no_upgrade");
}

TEST_F(upgrade_api_test, what_cannot_be_is_a_problem_with_its_reason) {
    EXPECT_EQ(post("blue/upgrade", R"({"version":"15"})").code(), "service_downgrade");
    EXPECT_EQ(post("blue/upgrade", R"({"version":"17"})").code(), "same_version");
    EXPECT_EQ(post("blue/upgrade", R"({"version":"18"})").raw.status, 422);
    EXPECT_EQ(post("blue/upgrade", R"({"version":""})").raw.status, 422);
    EXPECT_EQ(post("blue/upgrade", R"({"to":"18"})").raw.status, 422);
    const auto down = post("blue/upgrade", "{}");
    EXPECT_EQ(down.raw.status, 409);
    EXPECT_EQ(down.code(), "service_not_running");
    EXPECT_EQ(post("green/upgrade", "{}").raw.status, 404);
}

TEST_F(upgrade_api_test, the_way_back_needs_the_name) {
    EXPECT_EQ(post("blue/upgrade/rollback", "{}").raw.status, 422);
    const auto unsure = post("blue/upgrade/rollback", R"({"confirm":"green"})");
    EXPECT_EQ(unsure.raw.status, 422);
    EXPECT_EQ(unsure.code(), "confirm_mismatch");
}

}  // namespace
}  // namespace gasper::web
