#include "buildpacks/output.hpp"

#include <gtest/gtest.h>

#include "buildpacks/launch.hpp"

namespace gasper::buildpacks {
namespace {

class output_test : public ::testing::Test {
 protected:
    std::vector<std::string> lines_;
    build_output out_{[this](std::string_view line) { lines_.emplace_back(line); },
                      {{"API_TOKEN", "s3cr3t-value"},
                       {"DATABASE_URL", "postgres://user:hunter22@db/app"},
                       {"NODE_ENV", "production"}}};
};

TEST_F(output_test, is_in_herokus_style) {
    out_.step("Python app detected");
    out_.container_line("Using Python 3");
    out_.container_line("-----> Installing");
    out_.failed("no");
    EXPECT_EQ(lines_, (std::vector<std::string>{"-----> Python app detected", "       Using Python 3",
                                                "-----> Installing", " !     no"}));
}

TEST_F(output_test, shows_no_secret) {
    out_.container_line("curl -H s3cr3t-value https://user:hunter22@x in production");
    EXPECT_EQ(lines_.at(0), "       curl -H [API_TOKEN] https://user:[DATABASE_URL]@x in production");
}

TEST_F(output_test, is_printable_whatever_the_build_prints) {
    EXPECT_EQ(printable("\x1b[1;31mred\x1b[0m\a ok\t."), "red ok    .");
    EXPECT_EQ(printable("caf\xc3\xa9 \xff\xc3"), "caf\xc3\xa9 \xef\xbf\xbd\xef\xbf\xbd");
    EXPECT_EQ(printable("\x1b["), "");
    EXPECT_LE(printable(std::string(10'000, 'x')).size(), 2000u);
}

TEST(launch_env_test, sizes_the_workers_by_the_limits) {
    EXPECT_EQ(launch_env("python", {.memory_bytes = 512ll << 20, .cpus = 1.0}).at("WEB_CONCURRENCY"), "2");
    EXPECT_EQ(launch_env("python", {.memory_bytes = 512ll << 20, .cpus = 8.0}).at("WEB_CONCURRENCY"), "4");
    EXPECT_EQ(launch_env("node", {.memory_bytes = 64ll << 20, .cpus = 0.5}).at("WEB_CONCURRENCY"), "1");
    EXPECT_EQ(launch_env("node", {.memory_bytes = 512ll << 20}).at("MEMORY_AVAILABLE"), "512");
    EXPECT_EQ(launch_env("python", {}).at("PYTHONUNBUFFERED"), "1");
    EXPECT_EQ(launch_env("unheard of", {}).size(), 2u);
}

}  // namespace
}  // namespace gasper::buildpacks
