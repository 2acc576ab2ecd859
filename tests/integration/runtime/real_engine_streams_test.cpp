#include <gmock/gmock.h>

#include <boost/asio/cancellation_signal.hpp>

#include "core/base/task_scope.hpp"
#include "tests/integration/runtime/real_engine.hpp"

namespace gasper::runtime {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct outputs {
    std::string out, error;
};

task<outputs> read_all(terminal& t) {
    outputs o;
    for (;;) {
        auto c = co_await t.read();
        if (!c || c->data.empty()) co_return o;
        (c->error ? o.error : o.out) += c->data;
    }
}

task<std::string> read_until(terminal& t, std::string text) {
    std::string seen;
    while (seen.find(text) == std::string::npos) {
        auto c = co_await t.read();
        if (!c || c->data.empty()) break;
        seen += c->data;
    }
    co_return seen;
}

}  // namespace

class real_engine_streams_test : public real_engine_test {
 protected:
    observed_instance sleeper() {
        auto i = run(engine_->start(spec("hello", "sleep 1000", 0), std::nullopt, soon()));
        EXPECT_TRUE(i) << i.error().message;
        return *i;
    }
    std::unique_ptr<terminal> open(const std::string& container, std::vector<std::string> command, bool tty = false) {
        exec_options o;
        o.command = std::move(command);
        o.terminal = tty;
        o.columns = 101;
        o.rows = 37;
        o.env = {{"COLOR", "blue"}};
        auto t = run(engine_->exec(container, o));
        EXPECT_TRUE(t) << t.error().message;
        return std::move(*t);
    }
    /// What `ps` in the container says, until it does not name `command` any more.
    bool ends_in(const std::string& container, const std::string& command) {
        const auto until = deadline::after(seconds(10));
        while (!until.expired()) {
            auto t = open(container, {"/bin/sh", "-c", "ps"});
            if (run(read_all(*t)).out.find(command) == std::string::npos) return true;
            EXPECT_TRUE(run(t->exit_status()));
        }
        return false;
    }
};

TEST_F(real_engine_streams_test, exec_separates_both_outputs_and_gives_the_exit_status) {
    const auto i = sleeper();
    auto t = open(i.container, {"/bin/sh", "-c", "echo out $COLOR; echo err >&2; id -u; pwd; exit 7"});
    const auto o = run(read_all(*t));
    EXPECT_EQ(o.out, "out blue\n1000\n/app\n");
    EXPECT_EQ(o.error, "err\n");
    EXPECT_EQ(*run(t->exit_status()), 7);
}

TEST_F(real_engine_streams_test, exec_reads_input_until_it_is_closed) {
    const auto i = sleeper();
    auto t = open(i.container, {"/bin/sh", "-c", "wc -c"});
    ASSERT_TRUE(run(t->write(std::string(100'000, 'x'))));
    ASSERT_TRUE(run(t->close_input()));
    EXPECT_EQ(run(read_all(*t)).out, "100000\n");
    EXPECT_EQ(*run(t->exit_status()), 0);
}

TEST_F(real_engine_streams_test, exec_with_a_terminal_has_its_size_and_resizes) {
    const auto i = sleeper();
    auto t = open(i.container, {"/bin/sh"}, true);
    ASSERT_TRUE(run(t->write("stty size\n")));
    EXPECT_THAT(run(read_until(*t, "37 101")), HasSubstr("37 101"));
    ASSERT_TRUE(run(t->resize(90, 30)));
    ASSERT_TRUE(run(t->write("stty size\n")));
    EXPECT_THAT(run(read_until(*t, "30 90")), HasSubstr("30 90"));
    ASSERT_TRUE(run(t->write("exit 3\n")));
    run(read_all(*t));
    EXPECT_EQ(*run(t->exit_status()), 3);
    EXPECT_FALSE(run(t->resize(0, 30)));
}

TEST_F(real_engine_streams_test, what_it_says_after_the_end_of_its_input_is_heard) {
    const auto i = sleeper();
    auto t = open(i.container, {"/bin/sh", "-c", "cat; sleep 1; echo late"}, true);
    ASSERT_TRUE(run(t->write("early")));
    ASSERT_TRUE(run(t->close_input()));
    EXPECT_THAT(run(read_all(*t)).out, ::testing::ContainsRegex("early(.|\n)*late"));
    EXPECT_EQ(*run(t->exit_status()), 0);
}

TEST_F(real_engine_streams_test, a_dropped_terminal_ends_its_command) {
    const auto i = sleeper();
    {
        auto t = open(i.container, {"/bin/sh", "-c", "echo ready; sleep 4711"}, true);
        EXPECT_THAT(run(read_until(*t, "ready")), HasSubstr("ready"));
        auto deaf = open(i.container, {"/bin/sh", "-c", "trap '' HUP; echo ready; while true; do sleep 4711; done"});
        EXPECT_THAT(run(read_until(*deaf, "ready")), HasSubstr("ready"));
    }
    EXPECT_TRUE(run(engine_->close(soon())));
    EXPECT_TRUE(ends_in(i.container, "4711"));
}

TEST_F(real_engine_streams_test, exec_in_what_is_gone_is_refused) {
    exec_options o;
    o.command = {"/bin/sh"};
    auto t = run(engine_->exec("gasper-no-such-container", o));
    ASSERT_FALSE(t);
    EXPECT_EQ(t.error().kind, errc::not_found);
    const auto i = sleeper();
    o.command = {"/no/such/program"};
    auto missing = run(engine_->exec(i.container, o));
    if (missing) {
        run(read_all(**missing));
        EXPECT_NE(*run((*missing)->exit_status()), 0);
    }
}

TEST_F(real_engine_streams_test, logs_have_time_stream_and_tail) {
    auto i =
        run(engine_->start(spec("hello", "sh -c 'for n in 1 2 3; do echo out $n; done; echo err >&2; sleep 100'", 0),
                           std::nullopt, soon()));
    ASSERT_TRUE(i);
    ASSERT_TRUE(run(engine_->wait_ready(*i, {}, soon())));
    std::vector<log_line> lines;
    const auto until = deadline::after(seconds(5));
    while (lines.size() < 4 && !until.expired()) {
        lines.clear();
        ASSERT_TRUE(run(engine_->logs(i->container, {}, [&](log_line l) { lines.push_back(l); })));
    }
    ASSERT_EQ(lines.size(), 4U);
    std::vector<std::string> out;
    for (const auto& l : lines)
        if (!l.error) out.push_back(l.text);
    EXPECT_THAT(out, ElementsAre("out 1", "out 2", "out 3"));
    EXPECT_LT(now() - lines[0].at, seconds(60));
    lines.clear();
    ASSERT_TRUE(run(engine_->logs(i->container, {.tail = 1}, [&](log_line l) { lines.push_back(l); })));
    EXPECT_EQ(lines.size(), 1U);
}

TEST_F(real_engine_streams_test, followed_logs_end_with_the_container) {
    auto i = run(engine_->start(spec("hello", "sh -c 'echo first; sleep 0.5; echo last'", 0), std::nullopt, soon()));
    ASSERT_TRUE(i);
    std::vector<std::string> lines;
    ASSERT_TRUE(run(engine_->logs(i->container, {.follow = true}, [&](log_line l) { lines.push_back(l.text); })));
    EXPECT_THAT(lines, ElementsAre("first", "last"));
}

TEST_F(real_engine_streams_test, run_once_streams_lines_and_gives_the_status) {
    std::vector<std::string> lines;
    auto sink = [&](std::string_view l) { lines.emplace_back(l); };
    auto status = run(engine_->run_once(once("echo one; echo two; exit 4"), sink, soon()));
    ASSERT_TRUE(status) << status.error().message;
    EXPECT_EQ(*status, 4);
    EXPECT_THAT(lines, ElementsAre("one", "two"));
    EXPECT_TRUE(run(engine_->close(soon())));
    EXPECT_TRUE(run(client_->list_containers({"gasper.data=" + engine_->id()}, soon()))->empty());
}

TEST_F(real_engine_streams_test, run_once_sees_its_mounts_and_is_nobody_special) {
    auto s = once("cat /in/hello.txt; id -u; touch /in/x || echo read only; mount -t tmpfs x /mnt || echo no mount");
    s.mounts.push_back({(data_ / "release").string(), "/in", true});
    std::vector<std::string> lines;
    auto status = run(engine_->run_once(
        s, [&](std::string_view l) { lines.emplace_back(l); }, soon()));
    ASSERT_TRUE(status);
    EXPECT_THAT(lines, ::testing::IsSupersetOf({"Hello", "1000", "read only", "no mount"}));
}

TEST_F(real_engine_streams_test, run_once_ends_at_its_deadline_and_removes_the_container) {
    auto status = run(engine_->run_once(once("sleep 1000"), {}, deadline::after(milliseconds(1500))));
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().kind, errc::deadline);
    EXPECT_TRUE(run(engine_->close(soon())));
    EXPECT_TRUE(run(client_->list_containers({"gasper.data=" + engine_->id()}, soon()))->empty());
}

TEST_F(real_engine_streams_test, run_once_that_is_cancelled_removes_the_container) {
    task_scope scope(io_.get_executor(), {});
    bool began = false;
    auto work = [](single_engine& e, once_spec s, line_sink sink) -> task<> {
        (void)co_await e.run_once(std::move(s), std::move(sink), soon());
    };
    scope.spawn("build", work(*engine_, once("echo began; sleep 1000"), [&](std::string_view) { began = true; }));
    const auto until = soon();
    while (!began && !until.expired())
        run(sleep_until(deadline::after(milliseconds(5))));
    ASSERT_TRUE(began);
    EXPECT_TRUE(run(scope.stop(soon())));
    EXPECT_TRUE(run(engine_->close(soon())));
    EXPECT_TRUE(run(client_->list_containers({"gasper.data=" + engine_->id()}, soon()))->empty());
}

TEST_F(real_engine_streams_test, watch_tells_of_a_death) {
    const auto i = sleeper();
    task_scope scope(io_.get_executor(), {});
    std::vector<std::string> changed;
    scope.spawn("watch", engine_->watch([&](std::string id) { changed.push_back(std::move(id)); }));
    run(sleep_until(deadline::after(milliseconds(50))));
    ASSERT_TRUE(run(client_->kill_container(i.container, "SIGKILL", soon())));
    const auto until = soon();
    const auto heard = [&] { return std::find(changed.begin(), changed.end(), i.container) != changed.end(); };
    while (!heard() && !until.expired())
        run(sleep_until(deadline::after(milliseconds(5))));
    EXPECT_TRUE(heard());
    EXPECT_TRUE(run(scope.stop(soon())));
}

}  // namespace gasper::runtime
