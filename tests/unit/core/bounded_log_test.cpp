#include "core/base/bounded_log.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "tests/support/temporary_directory.hpp"

namespace gasper {
namespace {

namespace fs = std::filesystem;

std::string content(const fs::path& file) {
    std::ostringstream out;
    out << std::ifstream(file).rdbuf();
    return out.str();
}

TEST(bounded_log, begins_anew_under_the_one_who_appends_and_keeps_one_former) {
    test::temporary_directory dir;
    const auto log = dir.path() / "router.log", former = dir.path() / "router.log.1";
    std::ofstream writer(log, std::ios::app);
    writer << "0123456789" << std::flush;
    bound_log(log, 10);
    EXPECT_EQ(content(log), "0123456789") << "it is no longer than it may be";
    EXPECT_FALSE(fs::exists(former));
    fs::permissions(log, fs::perms::owner_read | fs::perms::owner_write);
    writer << "abc" << std::flush;
    bound_log(log, 10);
    EXPECT_EQ(content(former), "3456789abc");
    EXPECT_EQ(fs::status(former).permissions(), fs::perms::owner_read | fs::perms::owner_write);
    writer << "next" << std::flush;
    EXPECT_EQ(content(log), "next");
    writer << " and more" << std::flush;
    bound_log(log, 10);
    EXPECT_EQ(content(former), "t and more") << "one former is kept";
    EXPECT_EQ(std::distance(fs::directory_iterator(dir.path()), fs::directory_iterator()), 2);
}

TEST(bounded_log, of_one_that_is_not_there_it_makes_none) {
    test::temporary_directory dir;
    bound_log(dir.path() / "serve.log", 10);
    EXPECT_TRUE(fs::is_empty(dir.path()));
}

}  // namespace
}  // namespace gasper
