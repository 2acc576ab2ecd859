#include "runtime/launch_command.hpp"

#include <gtest/gtest.h>

namespace gasper::runtime {

TEST(launch_command_test, the_shell_becomes_a_simple_command) {
    EXPECT_EQ(launch_command("gunicorn app:app --bind :$PORT"), "exec gunicorn app:app --bind :$PORT");
    EXPECT_EQ(launch_command("node -e 'a(); b() | c'"), "exec node -e 'a(); b() | c'");
    EXPECT_EQ(launch_command("A=1 B=\"x y\" node x"), "exec env A=1 B=\"x y\" node x");
}

TEST(launch_command_test, what_only_a_shell_can_do_stays_with_it) {
    for (const auto* command : {"cd web && node x", "a; b", "a | b", "exec node x", "export A=1; node x", "(a)",
                                "while :; do a; done", "a &"})
        EXPECT_EQ(launch_command(command), command);
}

TEST(launch_command_test, survives_what_is_cut_short) {
    EXPECT_EQ(launch_command("a 'b"), "exec a 'b");
    EXPECT_EQ(launch_command("a \\"), "exec a \\");
    EXPECT_EQ(launch_command("1=2 x"), "exec 1=2 x");
}

}  // namespace gasper::runtime
