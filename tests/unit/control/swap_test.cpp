#include <gtest/gtest.h>

#include <fstream>

#include "control/backups/taking_place.hpp"
#include "control/services/held.hpp"
#include "tests/support/temporary_directory.hpp"

namespace gasper::control {
namespace {

namespace fs = std::filesystem;

class swap_test : public testing::Test {
 protected:
    swap_test() {
        write("data", "before");
        write("beside-1a2b3c4d", "restored");
    }
    void write(const std::string& name, const std::string& text) {
        fs::create_directories(at() / name);
        std::ofstream(at() / name / "rows") << text;
    }
    std::string rows(const std::string& name) {
        std::ifstream file(at() / name / "rows");
        return std::string(std::istreambuf_iterator<char>(file), {});
    }
    const fs::path& at() { return dir.path(); }

    test::temporary_directory dir;
    const job_id job{7};
};

TEST_F(swap_test, one_is_in_the_place_of_the_other_and_the_note_says_so) {
    EXPECT_FALSE(find_swap(at()));
    ASSERT_TRUE(swap_in(at(), job, "beside-1a2b3c4d"));
    EXPECT_EQ(rows("data"), "restored");
    EXPECT_EQ(rows("beside-1a2b3c4d"), "before");
    const auto note = find_swap(at());
    ASSERT_TRUE(note);
    EXPECT_EQ(note->job, job);
    EXPECT_EQ(note->beside, "beside-1a2b3c4d");
    forget_swap(at());
    EXPECT_FALSE(find_swap(at()));
}

TEST_F(swap_test, what_came_back_was_not_swapped) {
    ASSERT_TRUE(swap_in(at(), job, "beside-1a2b3c4d"));
    ASSERT_TRUE(exchange_directories(at() / "data", at() / "beside-1a2b3c4d"));
    EXPECT_EQ(rows("data"), "before");
    EXPECT_FALSE(find_swap(at()));
}

TEST_F(swap_test, nothing_to_swap_with_changes_nothing) {
    EXPECT_FALSE(swap_in(at(), job, "beside-00000000"));
    EXPECT_EQ(rows("data"), "before");
    EXPECT_FALSE(find_swap(at()));
}

TEST_F(swap_test, a_note_that_is_none_is_no_swap) {
    ASSERT_TRUE(swap_in(at(), job, "beside-1a2b3c4d"));
    for (const auto* text : {"", "7", "7 1 beside-1a2b3c4d\n", "7 x y\n", "7 1 ../../apps\n"}) {
        std::ofstream(at() / "swap", std::ios::trunc) << text;
        EXPECT_FALSE(find_swap(at())) << text;
    }
}

TEST(held_service_test, is_held_as_long_as_anybody_holds_it) {
    service_board board;
    auto first = std::make_unique<held_service>(board, "blue");
    auto second = std::make_unique<held_service>(board, "blue");
    first.reset();
    EXPECT_TRUE(board.held.contains("blue"));
    second.reset();
    EXPECT_FALSE(board.held.contains("blue"));
}

}  // namespace
}  // namespace gasper::control
