#include "core/tables/traffic_text.hpp"

#include <gmock/gmock.h>

namespace gasper {
namespace {

using ::testing::HasSubstr;

TEST(traffic_text_test, writes_counters_and_a_cumulative_histogram) {
    app_traffic t{.requests = 5, .latency_us = 1'500'000, .bytes_out = 9, .in_flight = 2};
    t.by_class = {0, 0, 4, 0, 0, 1};
    t.latency[0] = 2;
    t.latency[4] = 2;
    t.latency[14] = 1;
    const auto text = prometheus_text({{"hello", t}});
    for (const auto* line :
         {"# TYPE gasper_app_requests_total counter\n", "gasper_app_requests_total{app=\"hello\",class=\"2xx\"} 4\n",
          "gasper_app_request_seconds_bucket{app=\"hello\",le=\"0.001\"} 2\n",
          "gasper_app_request_seconds_bucket{app=\"hello\",le=\"0.025\"} 4\n",
          "gasper_app_request_seconds_bucket{app=\"hello\",le=\"30\"} 4\n",
          "gasper_app_request_seconds_bucket{app=\"hello\",le=\"+Inf\"} 5\n",
          "gasper_app_request_seconds_sum{app=\"hello\"} 1.500000\n",
          "gasper_app_request_seconds_count{app=\"hello\"} 5\n", "gasper_app_sent_bytes_total{app=\"hello\"} 9\n",
          "gasper_app_requests_in_flight{app=\"hello\"} 2\n"})
        EXPECT_THAT(text, HasSubstr(line));
}

TEST(traffic_text_test, lets_no_name_break_out_of_its_label) {
    EXPECT_THAT(prometheus_text({{"a\"}\n\\", {}}}), HasSubstr("{app=\"a\\\"} \\\\\",class"));
}

}  // namespace
}  // namespace gasper
