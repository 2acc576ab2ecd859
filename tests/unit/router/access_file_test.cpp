#include "router/access_file.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "router/access_log.hpp"
#include "tests/support/temporary_directory.hpp"

namespace gasper::router {
namespace {

std::string text_of(const std::filesystem::path& file) {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
}

struct access_file_test : testing::Test {
    test::temporary_directory dir;
    std::filesystem::path file = dir.path() / "access.log", old = dir.path() / "access.log.1";
};

TEST_F(access_file_test, begins_with_its_generation) {
    access_file to(file, 1000);
    EXPECT_TRUE(to.write("one\n"));
    EXPECT_TRUE(to.write("two\n"));
    EXPECT_TRUE(text_of(file).starts_with("# generation "));
    EXPECT_TRUE(text_of(file).ends_with("\none\ntwo\n"));
}

TEST_F(access_file_test, is_bounded_whatever_is_written) {
    access_file to(file, 1000);
    const auto line = std::string(99, 'x') + "\n";
    for (int i = 0; i < 100; ++i)
        ASSERT_TRUE(to.write(line));
    EXPECT_LE(std::filesystem::file_size(file) + std::filesystem::file_size(old), 2200u);
    EXPECT_TRUE(text_of(old).starts_with("# generation "));
}

TEST_F(access_file_test, two_routers_share_one_file_over_a_rotation) {
    access_file draining(file, 1000), successor(file, 1000);
    std::string all;
    for (int i = 0; i < 16; ++i) {
        const auto line = std::to_string(i) + std::string(90, i % 2 ? 'a' : 'b') + "\n";
        ASSERT_TRUE((i % 2 ? draining : successor).write(line));
        all += line;
    }
    std::string kept;
    for (const auto& part : {text_of(old), text_of(file)})
        kept += part.substr(part.find('\n') + 1);
    EXPECT_EQ(kept, all);
}

TEST_F(access_file_test, comes_back_when_the_directory_was_away) {
    access_file to(dir.path() / "later" / "access.log", 1000);
    EXPECT_FALSE(to.write("lost\n"));
    std::filesystem::create_directory(dir.path() / "later");
    EXPECT_TRUE(to.write("kept\n"));
    EXPECT_TRUE(text_of(dir.path() / "later" / "access.log").ends_with("kept\n"));
}

TEST_F(access_file_test, a_line_carries_its_time_and_its_app) {
    access_record r;
    r.method = "GET";
    r.path = "/\" app=other";
    r.host = "hello.localhost";
    r.app = "hello";
    r.status = 200;
    std::string line;
    append_line(r, line);
    EXPECT_EQ(line.substr(26, 20), "Z at=info method=GET");
    EXPECT_NE(line.find(" path=\"/\\\" app=other\" "), std::string::npos);
    EXPECT_TRUE(line.ends_with(" protocol=http app=hello\n"));
}

}  // namespace
}  // namespace gasper::router
