// What people see of values, where it is more than their fields: what is not there is null, and what is secret is left
// out.
#include "control/views/views.hpp"

#include <gtest/gtest.h>

#include "control/backups/backups.hpp"
#include "control/cron.hpp"
#include "control/services/exposing.hpp"
#include "control/services/services.hpp"
#include "control/webhooks/webhooks.hpp"
#include "core/model/volume.hpp"

namespace gasper::control {
namespace {

using nlohmann::json;

TEST(views_test, a_webhook_shows_its_secret_once_and_mail_has_none) {
    new_webhook made;
    made.hook.url = "https://example.org/hook";
    made.hook.secret = "sealed";
    made.secret = "told";
    EXPECT_EQ(as_json(made).at("secret"), "told");
    EXPECT_EQ(as_json(made).at("url"), "https://example.org/hook");
    EXPECT_FALSE(as_json(made.hook).contains("secret"));
    made.hook.url = "mailto:ann@example.org";
    EXPECT_EQ(as_json(made).at("address"), "ann@example.org");
    EXPECT_FALSE(as_json(made).contains("url") || as_json(made).contains("secret"));
}

TEST(views_test, a_database_shows_no_secret_and_null_for_what_it_has_not) {
    service_view v;
    v.info.name = "blue";
    attachment a;
    a.app_name = "hello";
    a.password = "secret-1";
    v.attachments.push_back(a);
    exposure outside;
    outside.port = 6001;
    outside.password = "secret-2";
    outside.key = "secret-3";
    v.exposed = outside;
    const auto shown = as_json(v);
    EXPECT_EQ(shown.dump().find("secret"), std::string::npos);
    EXPECT_EQ(shown.at("exposed").at("port"), 6001);
    for (const char* none : {"stats", "address", "backed_up", "archive", "kept"})
        EXPECT_TRUE(shown.at(none).is_null()) << none;
}

TEST(views_test, an_exposure_shows_its_networks_one_by_one) {
    exposure_view v;
    v.info.allowed = "192.0.2.0/24,2001:db8::/32";
    EXPECT_EQ(as_json(v).at("allowed"), json::parse(R"(["192.0.2.0/24","2001:db8::/32"])"));
    EXPECT_TRUE(as_json(v).at("url").is_null());
    EXPECT_TRUE(as_json(v).at("valid_until").is_null());
    v.valid_until = sys_time(std::chrono::minutes(1));
    EXPECT_EQ(as_json(v).at("valid_until"), "1970-01-01T00:01:00.000Z");
}

TEST(views_test, backups_show_their_schedule_and_archive_when_there_is_one) {
    backup_overview o;
    EXPECT_TRUE(as_json(o).at("schedule").is_null());
    EXPECT_TRUE(as_json(o).at("archive").is_null());
    EXPECT_EQ(as_json(o).at("backups"), json::array());
    o.schedule = backup_schedule{};
    o.archive = archive_view{};
    o.archive->covered.push_back({sys_time(std::chrono::minutes(1)), sys_time(std::chrono::minutes(2))});
    o.all.resize(2);
    const auto shown = as_json(o);
    EXPECT_TRUE(shown.at("schedule").at("next").is_null());
    EXPECT_FALSE(shown.at("archive").at("on").get<bool>()) << "its database is gone";
    EXPECT_EQ(shown.at("archive").at("covered")[0].at("until"), "1970-01-01T00:02:00.000Z");
    EXPECT_EQ(shown.at("backups").size(), 2u);
}

TEST(views_test, what_has_not_happened_yet_is_null) {
    cron_view never;
    EXPECT_TRUE(as_json(never).at("next").is_null());
    EXPECT_TRUE(as_json(never).at("last").is_null());
    never.last = cron_run{};
    EXPECT_TRUE(as_json(never).at("last").at("job").is_null()) << "it was skipped";
    EXPECT_TRUE(as_json(volume{}).at("mounted").is_null());
}

}  // namespace
}  // namespace gasper::control
