#include "control/metrics/exposition.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gasper::control {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

exposed two_databases() {
    exposed e;
    e.at = sys_time(std::chrono::hours(100));
    service_now blue{.name = "blue", .kind = "postgres", .up = true};
    blue.memory_bytes = 5 << 20;
    blue.disk = service_disk{.used = 1 << 20, .limit = 2 << 20};
    blue.stats = service_stats{.version = "15.8",
                               .size_bytes = 8'000'000,
                               .connections = 3,
                               .max_connections = 27,
                               .hit_ratio = 0.75,
                               .slow_queries = 2};
    blue.backed_up = e.at - std::chrono::minutes(90);
    e.services = {blue, {.name = "cold", .kind = "redis"}};
    return e;
}

TEST(exposition_test, says_of_a_database_what_is_known) {
    const auto text = to_prometheus(two_databases());
    for (const char* line : {"gasper_service_up{service=\"blue\",kind=\"postgres\"} 1\n",
                             "gasper_service_up{service=\"cold\",kind=\"redis\"} 0\n",
                             "gasper_service_memory_bytes{service=\"blue\",kind=\"postgres\"} 5242880\n",
                             "gasper_service_disk_bytes{service=\"blue\",kind=\"postgres\"} 1048576\n",
                             "gasper_service_disk_limit_bytes{service=\"blue\",kind=\"postgres\"} 2097152\n",
                             "gasper_service_size_bytes{service=\"blue\",kind=\"postgres\"} 8000000\n",
                             "gasper_service_connections{service=\"blue\",kind=\"postgres\"} 3\n",
                             "gasper_service_connections_max{service=\"blue\",kind=\"postgres\"} 27\n",
                             "gasper_service_slow_queries{service=\"blue\",kind=\"postgres\"} 2\n",
                             "gasper_service_cache_hit_ratio{service=\"blue\",kind=\"postgres\"} 0.75\n",
                             "gasper_service_verified_backup_age_seconds{service=\"blue\",kind=\"postgres\"} 5400\n",
                             "# TYPE gasper_service_up gauge\n"})
        EXPECT_THAT(text, HasSubstr(line));
}

TEST(exposition_test, leaves_out_what_is_not_known) {
    const auto text = to_prometheus(two_databases());
    for (const char* family :
         {"memory_bytes", "disk_bytes", "size_bytes", "connections", "verified_backup_age_seconds"})
        EXPECT_THAT(text, Not(HasSubstr(std::string("gasper_service_") + family + "{service=\"cold\"")));
}

}  // namespace
}  // namespace gasper::control
