#include <gmock/gmock.h>

#include <fstream>
#include <iterator>

#include "runtime/host/overlay.hpp"
#include "tests/integration/runtime/real_engine.hpp"

namespace gasper::runtime {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

std::string mountinfo() {
    std::ifstream file("/proc/self/mountinfo");
    return {std::istreambuf_iterator<char>(file), {}};
}

const std::string serves = "httpd -f -p $PORT -h /app";

}  // namespace

class real_engine_instances_test : public real_engine_test {};

TEST_F(real_engine_instances_test, starts_serves_and_leaves_nothing_after_stop) {
    auto i = run(engine_->start(spec("hello", serves), std::nullopt, soon()));
    ASSERT_TRUE(i) << i.error().message;
    auto ready = run(engine_->wait_ready(*i, {}, soon()));
    ASSERT_TRUE(ready) << ready.error().message;
    EXPECT_FALSE(mounts_below(mountinfo(), data_).empty());

    auto listed = run(engine_->list());
    ASSERT_TRUE(listed && listed->size() == 1);
    EXPECT_EQ(listed->front().container, i->container);
    EXPECT_EQ(listed->front().name, "web.1");
    EXPECT_EQ(listed->front().address, i->address);
    EXPECT_EQ(listed->front().state, instance_state::up);

    ASSERT_TRUE(run(engine_->stop(*i, seconds(5))));
    EXPECT_TRUE(run(engine_->list())->empty());
    EXPECT_TRUE(run(client_->list_containers({"gasper.data=" + engine_->id()}, soon()))->empty());
    EXPECT_TRUE(mounts_below(mountinfo(), data_).empty());
    EXPECT_TRUE(std::filesystem::is_empty(data_ / "instances"));
    EXPECT_TRUE(run(engine_->stop(*i, seconds(5)))) << "stopping what is gone is no error";
}

TEST_F(real_engine_instances_test, a_sandbox_made_ahead_is_used) {
    auto s = run(engine_->make_sandbox("hello", soon()));
    ASSERT_TRUE(s) << s.error().message;
    auto i = run(engine_->start(spec("hello", serves), *s, soon()));
    ASSERT_TRUE(i) << i.error().message;
    EXPECT_EQ(i->sandbox, s->container);
    EXPECT_EQ(i->address, s->address);
    EXPECT_TRUE(run(engine_->wait_ready(*i, {}, soon())));
}

TEST_F(real_engine_instances_test, a_sandbox_is_idle_while_it_runs_and_nothing_is_in_it) {
    auto s = run(engine_->make_sandbox("hello", soon()));
    auto dead = run(engine_->make_sandbox("hello", soon()));
    ASSERT_TRUE(s && dead);
    ASSERT_TRUE(run(client_->kill_container(dead->container, "SIGKILL", soon())));
    ASSERT_TRUE(run(client_->wait_container(dead->container, soon())));
    auto idle = run(engine_->idle_sandboxes());
    ASSERT_TRUE(idle) << idle.error().message;
    ASSERT_EQ(idle->size(), 1U);
    EXPECT_EQ(idle->begin()->first, "hello");
    EXPECT_EQ(idle->begin()->second.container, s->container);
    EXPECT_EQ(idle->begin()->second.address, s->address);
    ASSERT_TRUE(run(engine_->sweep({s->container})));
    auto found = idle->begin()->second;
    auto i = run(engine_->start(spec("hello", serves), found, soon()));
    ASSERT_TRUE(i) << i.error().message;
    EXPECT_EQ(i->sandbox, s->container) << "a sweep leaves it when it is told to";
    EXPECT_TRUE(run(engine_->wait_ready(*i, {}, soon())));
    EXPECT_TRUE(run(engine_->idle_sandboxes())->empty());
}

TEST_F(real_engine_instances_test, a_dead_sandbox_is_replaced) {
    auto s = run(engine_->make_sandbox("hello", soon()));
    ASSERT_TRUE(s);
    ASSERT_TRUE(run(client_->kill_container(s->container, "SIGKILL", soon())));
    ASSERT_TRUE(run(client_->wait_container(s->container, soon())));
    auto i = run(engine_->start(spec("hello", serves), *s, soon()));
    ASSERT_TRUE(i) << i.error().message;
    EXPECT_NE(i->sandbox, s->container);
}

TEST_F(real_engine_instances_test, app_directory_is_writable_and_the_release_stays_as_it_is) {
    auto i = run(engine_->start(spec("hello", "sh -c 'echo changed > /app/hello.txt; echo > /app/new; " + serves + "'"),
                                std::nullopt, soon()));
    ASSERT_TRUE(i) << i.error().message;
    ASSERT_TRUE(run(engine_->wait_ready(*i, {}, soon())));
    std::string content;
    std::ifstream(data_ / "release" / "hello.txt") >> content;
    EXPECT_EQ(content, "Hello");
    EXPECT_FALSE(std::filesystem::exists(data_ / "release" / "new"));
}

TEST_F(real_engine_instances_test, says_with_which_code_a_process_ended_before_it_listened) {
    auto i = run(engine_->start(spec("hello", "sh -c 'echo no module; exit 3'"), std::nullopt, soon()));
    ASSERT_TRUE(i) << i.error().message;
    auto ready = run(engine_->wait_ready(*i, {}, soon()));
    ASSERT_FALSE(ready);
    EXPECT_EQ(ready.error().code, "instance_crashed");
    EXPECT_EQ(ready.error().message, "web.1 exited with code 3 before it listened on port 5000");
    auto listed = run(engine_->list());
    ASSERT_EQ(listed->size(), 1U);
    EXPECT_EQ(listed->front().state, instance_state::crashed);
    EXPECT_EQ(listed->front().exit_code, 3);
    std::vector<std::string> lines;
    ASSERT_TRUE(run(engine_->logs(i->container, {}, [&](log_line l) { lines.push_back(l.text); })));
    EXPECT_THAT(lines, ::testing::ElementsAre("no module"));
}

TEST_F(real_engine_instances_test, says_when_memory_ran_out) {
    auto greedy = spec("hello", "sh -c 'x=0123456789abcdef; while true; do x=$x$x; done'");
    greedy.limit.memory_bytes = 16 << 20;
    auto i = run(engine_->start(greedy, std::nullopt, soon()));
    ASSERT_TRUE(i) << i.error().message;
    auto ready = run(engine_->wait_ready(*i, {}, soon()));
    ASSERT_FALSE(ready);
    EXPECT_EQ(ready.error().message, "web.1 was killed: out of memory (limit 16 MB)");
    auto listed = run(engine_->list());
    ASSERT_EQ(listed->size(), 1U);
    EXPECT_TRUE(listed->front().out_of_memory);
}

TEST_F(real_engine_instances_test, says_on_which_port_it_listens_instead) {
    auto i = run(engine_->start(spec("hello", "httpd -f -p 8000 -h /app"), std::nullopt, soon()));
    ASSERT_TRUE(i) << i.error().message;
    auto ready = run(engine_->wait_ready(*i, {}, deadline::after(milliseconds(700))));
    ASSERT_FALSE(ready);
    EXPECT_EQ(ready.error().code, "not_listening");
    EXPECT_EQ(ready.error().message, "web.1 listens on 8000 instead of $PORT (5000)");
}

TEST_F(real_engine_instances_test, says_when_it_listens_on_loopback_only) {
    auto i = run(engine_->start(spec("hello", "httpd -f -p 127.0.0.1:5000 -h /app"), std::nullopt, soon()));
    ASSERT_TRUE(i) << i.error().message;
    auto ready = run(engine_->wait_ready(*i, {}, deadline::after(milliseconds(700))));
    ASSERT_FALSE(ready);
    EXPECT_EQ(ready.error().message, "web.1 listens on 127.0.0.1:5000 only: it must listen on 0.0.0.0");
}

TEST_F(real_engine_instances_test, asks_a_path_and_says_what_it_answered) {
    auto i = run(engine_->start(spec("hello", "mkdir -p /app/up && echo ok > /app/up/index.html && " + serves),
                                std::nullopt, soon()));
    ASSERT_TRUE(i) << i.error().message;
    health_check how{.kind = health_check::probe::http, .path = "/up/"};
    auto ready = run(engine_->wait_ready(*i, how, soon()));
    EXPECT_TRUE(ready) << ready.error().message;
    EXPECT_TRUE(run(engine_->check(*i, how, soon())));
    how.path = "/down/";
    auto refused = run(engine_->check(*i, how, soon()));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "unhealthy");
    EXPECT_EQ(refused.error().message, "GET /down/ answered 404");
    auto late = run(engine_->wait_ready(*i, how, deadline::after(milliseconds(500))));
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().message, "web.1 did not become healthy in time: GET /down/ answered 404");
}

TEST_F(real_engine_instances_test, runs_a_command_inside_and_says_what_it_printed) {
    auto i = run(engine_->start(spec("hello", "sleep 100", 0), std::nullopt, soon()));
    ASSERT_TRUE(i) << i.error().message;
    health_check how{.kind = health_check::probe::command, .command = "echo not yet >&2; test -f /app/well"};
    auto refused = run(engine_->check(*i, how, soon()));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message, "the check command exited with 1: not yet");
    how.command = "true";
    EXPECT_TRUE(run(engine_->wait_ready(*i, how, soon())));
    how.command = "sleep 60";
    how.timeout = seconds(1);
    auto hung = run(engine_->check(*i, how, soon()));
    ASSERT_FALSE(hung);
    EXPECT_EQ(hung.error().message, "the check did not end in 1 s");
}

TEST_F(real_engine_instances_test, a_worker_is_ready_when_it_has_run_for_a_moment) {
    auto worker = spec("hello", "sleep 100", 0);
    auto i = run(engine_->start(worker, std::nullopt, soon()));
    ASSERT_TRUE(i);
    EXPECT_TRUE(run(engine_->wait_ready(*i, {}, soon())));
    auto brief = run(engine_->start(spec("hello", "false", 0), std::nullopt, soon()));
    ASSERT_TRUE(brief);
    auto ready = run(engine_->wait_ready(*brief, {}, soon()));
    ASSERT_FALSE(ready);
    EXPECT_EQ(ready.error().message, "web.1 exited with code 1 right after its start");
}

TEST_F(real_engine_instances_test, an_image_that_is_not_there_is_refused_and_leaves_nothing) {
    auto s = spec("hello", serves);
    s.image = "gasper/no-such-image:1";
    auto i = run(engine_->start(s, std::nullopt, soon()));
    ASSERT_FALSE(i);
    EXPECT_THAT(i.error().message, HasSubstr("No such image"));
    EXPECT_TRUE(run(client_->list_containers({"gasper.data=" + engine_->id()}, soon()))->empty());
    EXPECT_TRUE(mounts_below(mountinfo(), data_).empty());
    EXPECT_TRUE(std::filesystem::is_empty(data_ / "instances"));
}

TEST_F(real_engine_instances_test, sweep_removes_what_is_not_kept) {
    auto kept = run(engine_->start(spec("hello", serves), std::nullopt, soon()));
    auto orphan = run(engine_->start(spec("other", serves), std::nullopt, soon()));
    auto spare = run(engine_->make_sandbox("hello", soon()));
    ASSERT_TRUE(kept && orphan && spare);
    ASSERT_TRUE(run(engine_->sweep({kept->container})));
    EXPECT_EQ(run(client_->list_containers({"gasper.data=" + engine_->id()}, soon()))->size(), 2U);
    auto listed = run(engine_->list());
    ASSERT_EQ(listed->size(), 1U);
    EXPECT_EQ(listed->front().container, kept->container);
    EXPECT_TRUE(run(engine_->wait_ready(*kept, {}, soon())));
    EXPECT_EQ(list_app_directories(data_ / "instances").size(), 1U);
}

TEST_F(real_engine_instances_test, sweep_unmounts_what_a_killed_gasper_left) {
    auto left = make_app_directory(data_ / "instances", "0123456789abcdef", data_ / "release", 1000, 1000);
    ASSERT_TRUE(left) << left.error().message;
    ASSERT_FALSE(left->copied) << "these tests need root";
    EXPECT_TRUE(std::filesystem::exists(left->app / "hello.txt"));
    EXPECT_EQ(mounts_below(mountinfo(), data_).size(), 1U);
    ASSERT_TRUE(run(engine_->sweep({})));
    EXPECT_TRUE(mounts_below(mountinfo(), data_).empty());
    EXPECT_TRUE(std::filesystem::is_empty(data_ / "instances"));
    EXPECT_TRUE(std::filesystem::exists(data_ / "release" / "hello.txt"));
}

TEST_F(real_engine_instances_test, where_no_overlay_can_be_mounted_app_is_a_copy) {
    const auto instances = data_ / "odd,name" / "instances";
    auto made = make_app_directory(instances, "one", data_ / "release", 1000, 1000);
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_TRUE(made->copied);
    EXPECT_TRUE(std::filesystem::exists(made->app / "hello.txt"));
    EXPECT_TRUE(remove_app_directory(instances, "one"));
    EXPECT_TRUE(std::filesystem::is_empty(instances));
    EXPECT_FALSE(make_app_directory(instances, "two", data_ / "no-such-release", 1000, 1000));
}

TEST_F(real_engine_instances_test, a_second_gasper_on_the_engine_is_left_alone) {
    auto other = another({.data = data_ / "second"});
    ASSERT_TRUE(run(other->connect(soon())));
    auto mine = run(engine_->start(spec("hello", serves), std::nullopt, soon()));
    auto theirs = run(other->start(spec("hello", serves), std::nullopt, soon()));
    ASSERT_TRUE(mine && theirs) << theirs.error().message;
    EXPECT_EQ(run(engine_->list())->size(), 1U);
    ASSERT_TRUE(run(engine_->sweep({})));
    ASSERT_TRUE(run(engine_->remove_app("hello")));
    EXPECT_TRUE(run(other->wait_ready(*theirs, {}, soon())));
    EXPECT_EQ(run(other->list())->size(), 1U);
    EXPECT_TRUE(run(other->remove_everything(soon())));
    EXPECT_TRUE(run(other->close(soon())));
}

TEST_F(real_engine_instances_test, remove_app_takes_containers_mounts_and_network) {
    ASSERT_TRUE(run(engine_->start(spec("hello", serves), std::nullopt, soon())));
    ASSERT_TRUE(run(engine_->make_sandbox("hello", soon())));
    ASSERT_TRUE(run(engine_->remove_app("hello")));
    EXPECT_TRUE(run(engine_->list())->empty());
    EXPECT_TRUE(mounts_below(mountinfo(), data_).empty());
    for (const auto& n : *run(client_->list_networks(soon())))
        EXPECT_FALSE(n.label.count("gasper.data") && n.label.at("gasper.data") == engine_->id() &&
                     n.label.at("gasper.app") == "hello");
    EXPECT_TRUE(run(engine_->remove_app("hello"))) << "again is no error";
}

}  // namespace gasper::runtime
