#include "core/base/child_process.hpp"

#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <fstream>

#include "core/base/files.hpp"
#include "core/base/task_scope.hpp"
#include "tests/support/run_task.hpp"
#include "tests/support/temporary_directory.hpp"

namespace gasper {
namespace {

using namespace std::chrono_literals;
using test::run_task;

child_options shell(std::string script) {
    child_options o;
    o.argv = {"sh", "-c", std::move(script)};
    return o;
}

std::size_t open_descriptors() {
    std::size_t n = 0;
    for ([[maybe_unused]] const auto& fd : std::filesystem::directory_iterator("/proc/self/fd"))
        ++n;
    return n;
}

class child : public ::testing::Test {
 protected:
    result<child_output> run(child_options o, std::string input = "", std::chrono::seconds within = 10s,
                             std::size_t limit = 1 << 20) {
        auto work = run_child(std::move(o), std::move(input), deadline::after(within), limit);
        return run_task(io, std::move(work), within + 10s);
    }
    asio::io_context io;
};

TEST_F(child, gets_its_input_and_gives_both_outputs_and_its_status) {
    const auto got = run(shell("cat; echo problem >&2; exit 3"), "hello");
    ASSERT_TRUE(got);
    EXPECT_EQ(got->status, 3);
    EXPECT_EQ(got->output, "hello");
    EXPECT_EQ(got->error, "problem\n");
}

TEST_F(child, mixes_both_outputs_when_asked) {
    auto o = shell("echo a; echo b >&2");
    o.merge_error = true;
    EXPECT_EQ(run(std::move(o))->output, "a\nb\n");
}

TEST_F(child, reports_a_signal_as_a_shell_does) {
    EXPECT_EQ(run(shell("kill -TERM $$"))->status, 128 + SIGTERM);
}

TEST_F(child, refuses_a_program_or_directory_that_is_not_there) {
    child_options o;
    o.argv = {"/no/such/program"};
    EXPECT_NE(run(o).error().message.find("No such file"), std::string::npos);
    auto elsewhere = shell("true");
    elsewhere.directory = "/no/such/directory";
    EXPECT_FALSE(run(std::move(elsewhere)));
    EXPECT_FALSE(run({}));
}

TEST_F(child, sees_only_the_environment_and_descriptors_it_was_given) {
    auto o = shell("echo $ONLY$HOME; exec ls /proc/self/fd");
    o.env = {{"ONLY", "this"}, {"PATH", "/usr/bin:/bin"}};
    const auto got = run(std::move(o));
    EXPECT_EQ(got->output, "this\n0\n1\n2\n3\n") << "3 is the directory that ls reads";
}

TEST_F(child, may_ignore_its_input) {
    const auto got = run(shell("exec <&-; exit 5"), std::string(1 << 20, 'x'));
    ASSERT_TRUE(got);
    EXPECT_EQ(got->status, 5);
}

TEST_F(child, may_not_print_more_than_the_limit) {
    const auto got = run(shell("head -c 200000 /dev/zero"), "", 10s, 100'000);
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().kind, errc::too_large);
}

TEST_F(child, is_killed_with_its_children_at_the_deadline) {
    test::temporary_directory dir;
    auto o = shell("sleep 300 & echo $! > pid; wait");
    o.directory = dir.path().string();
    const auto start = std::chrono::steady_clock::now();
    const auto got = run(std::move(o), "", 1s);
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().kind, errc::deadline);
    EXPECT_LT(std::chrono::steady_clock::now() - start, 5s);
    const int grandchild = std::stoi(*read_file(dir / "pid", 100));
    EXPECT_TRUE(test::run_until(io, [&] {
        const auto status = read_file("/proc/" + std::to_string(grandchild) + "/stat", 4096);
        return !status || status->find(") Z") != std::string::npos;
    }));
}

TEST_F(child, is_gone_when_who_waited_for_it_was_cancelled) {
    std::string fault;
    task_scope scope(io.get_executor(), [&](auto&, auto& what) { fault = what; });
    int pid = 0;
    auto wait = [](asio::io_context& on, int& id) -> task<> {
        child_options o;
        o.argv = {"sleep", "300"};
        auto started = child_process::start(on.get_executor(), std::move(o));
        auto c = std::move(started.value());
        id = c.pid();
        (void)co_await c.wait(deadline::after(60s));
    };
    scope.spawn("wait", wait(io, pid));
    ASSERT_TRUE(test::run_until(io, [&] { return pid != 0; }));
    ASSERT_TRUE(run_task(io, scope.stop(deadline::after(5s))));
    EXPECT_EQ(fault, "");
    EXPECT_EQ(::kill(pid, 0), -1);
}

TEST_F(child, that_feeds_and_collects_is_cancelled_without_a_fault) {
    std::string fault;
    task_scope scope(io.get_executor(), [&](auto&, auto& what) { fault = what; });
    bool started = false;
    auto work = [](bool& flag) -> task<> {
        flag = true;
        (void)co_await run_child(shell("sleep 300"), "", deadline::after(60s));
    };
    scope.spawn("run", work(started));
    ASSERT_TRUE(test::run_until(io, [&] { return started; }));
    ASSERT_TRUE(run_task(io, scope.stop(deadline::after(5s))));
    EXPECT_EQ(fault, "");
}

TEST_F(child, leaves_no_descriptor_open) {
    (void)run(shell("true"));
    const auto before = open_descriptors();
    for (int i = 0; i < 20; ++i) {
        (void)run(shell("cat"), "x");
        child_options missing;
        missing.argv = {"/no/such/program"};
        (void)run(std::move(missing));
    }
    EXPECT_EQ(open_descriptors(), before);
}

TEST_F(child, appends_to_a_file_when_asked) {
    test::temporary_directory dir;
    for (const auto* line : {"one", "two"}) {
        auto o = shell(std::string("echo ") + line + "; echo err >&2");
        o.output_file = (dir / "log").string();
        auto started = child_process::start(io.get_executor(), std::move(o));
        ASSERT_TRUE(started);
        EXPECT_EQ(*run_task(io, started->wait(deadline::after(10s))), 0);
    }
    EXPECT_EQ(*read_file(dir / "log", 100), "one\nerr\ntwo\nerr\n");
}

}  // namespace
}  // namespace gasper
