#include "buildpacks/procfile.hpp"

#include <gtest/gtest.h>

namespace gasper::buildpacks {
namespace {

std::string refusal(std::string_view text) {
    const auto parsed = parse_procfile(text);
    if (parsed) return "accepted";
    EXPECT_EQ(parsed.error().code, "procfile_invalid");
    return parsed.error().message;
}

TEST(procfile_test, reads_names_and_commands) {
    const auto parsed =
        parse_procfile("web: gunicorn app:app --bind :$PORT\n\n# a comment\nworker:  python3 w.py  \r\n");
    ASSERT_TRUE(parsed);
    EXPECT_EQ(*parsed, (process_types{{"web", "gunicorn app:app --bind :$PORT"}, {"worker", "python3 w.py"}}));
}

TEST(procfile_test, accepts_a_last_line_without_newline_and_a_byte_order_mark) {
    const auto parsed = parse_procfile("\xef\xbb\xbfweb: run");
    ASSERT_TRUE(parsed);
    EXPECT_EQ(*parsed, (process_types{{"web", "run"}}));
}

TEST(procfile_test, refuses_a_name_without_a_command_and_says_the_line) {
    EXPECT_EQ(refusal("# first\nweb:\n"), "Procfile line 2: web has no command");
    EXPECT_EQ(refusal("web:   \t\n"), "Procfile line 1: web has no command");
}

TEST(procfile_test, refuses_a_name_that_is_there_twice) {
    EXPECT_EQ(refusal("web: a\nweb: b\n"), "Procfile line 2: web is there twice");
}

TEST(procfile_test, refuses_what_is_not_name_and_command) {
    EXPECT_EQ(refusal("web: a\ngarbage here\n"), "Procfile line 2: expected \"name: command\", found \"garbage here\"");
    EXPECT_NE(refusal("we b: a\n"), "accepted");
    EXPECT_NE(refusal(": a\n"), "accepted");
    EXPECT_NE(refusal("w\xc3\xa9"
                      "b: a\n"),
              "accepted");
    EXPECT_EQ(refusal(std::string_view("web: a\0b\n", 9)), "Procfile line 1: not a text file");
}

TEST(procfile_test, refuses_more_than_its_bounds) {
    EXPECT_EQ(refusal(std::string(70 << 10, '#')), "Procfile: more than 64 KiB");
    std::string many;
    for (int i = 0; i < 51; ++i)
        many += "p" + std::to_string(i) + ": x\n";
    EXPECT_EQ(refusal(many), "Procfile line 51: more than 50 process types");
    EXPECT_NE(refusal(std::string(60, 'a') + ": x"), "accepted");
}

TEST(procfile_test, never_repeats_control_characters_of_a_bad_line) {
    EXPECT_EQ(refusal("\x1b[31mred"), "Procfile line 1: expected \"name: command\", found \"?[31mred\"");
}

}  // namespace
}  // namespace gasper::buildpacks
