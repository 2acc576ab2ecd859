#include <gmock/gmock.h>

#include <boost/asio/ip/tcp.hpp>

#include "core/base/task_scope.hpp"
#include "tests/integration/runtime/real_engine.hpp"

namespace gasper::runtime {

namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

task<> accept_all(asio::ip::tcp::acceptor& a) {
    for (;;)
        auto closed_again = co_await a.async_accept(asio::use_awaitable);
}

}  // namespace

class real_engine_walls_test : public real_engine_test {
 protected:
    /// Lines that `command` prints in a container on the network of `app`.
    std::vector<std::string> in_app(const std::string& app, const std::string& command) {
        auto s = once(command);
        s.app = app;
        s.app_network = true;
        std::vector<std::string> lines;
        auto status = run(engine_->run_once(
            s, [&](std::string_view l) { lines.emplace_back(l); }, soon()));
        EXPECT_TRUE(status) << status.error().message;
        return lines;
    }
};

TEST_F(real_engine_walls_test, instances_have_no_privileges_and_cannot_write_outside_app_and_tmp) {
    auto i = run(
        engine_->start(spec("hello",
                            "sh -c 'id -u; id -g; grep -E \"^(CapEff|CapBnd|NoNewPrivs|Seccomp):\" /proc/self/status; "
                            "touch /x || echo no root; touch /tmp/x && echo tmp; touch /app/x && echo app; sleep 100'",
                            0),
                       std::nullopt, soon()));
    ASSERT_TRUE(i);
    ASSERT_TRUE(run(engine_->wait_ready(*i, {}, soon())));
    std::vector<std::string> lines;
    ASSERT_TRUE(run(engine_->logs(i->container, {}, [&](log_line l) { lines.push_back(l.text); })));
    EXPECT_THAT(lines, ::testing::IsSupersetOf({"1000", "CapEff:\t0000000000000000", "CapBnd:\t0000000000000000",
                                                "NoNewPrivs:\t1", "Seccomp:\t2", "no root", "tmp", "app"}));
}

TEST_F(real_engine_walls_test, processes_are_limited) {
    auto s = spec("hello", "sh -c 'n=0; while [ $n -lt 40 ]; do sleep 100 & n=$((n+1)); done; echo all; wait'", 0);
    s.limit.processes = 20;
    auto i = run(engine_->start(s, std::nullopt, soon()));
    ASSERT_TRUE(i);
    (void)run(engine_->wait_ready(*i, {}, soon()));
    std::vector<std::string> lines;
    ASSERT_TRUE(run(engine_->logs(i->container, {}, [&](log_line l) { lines.push_back(l.text); })));
    EXPECT_THAT(lines, ::testing::Not(Contains("all")));
    EXPECT_THAT(lines, Contains(HasSubstr("can't fork")));
}

TEST_F(real_engine_walls_test, an_app_reaches_its_own_instances_but_no_other_apps) {
    auto i = run(engine_->start(spec("hello", "httpd -f -p $PORT -h /app"), std::nullopt, soon()));
    ASSERT_TRUE(i && run(engine_->wait_ready(*i, {}, soon())));
    const auto ask = "printf 'GET /hello.txt HTTP/1.0\\r\\n\\r\\n' | nc -w 2 " + i->address +
                     " 5000 | tail -n 1 | grep Hello || echo unreachable";
    EXPECT_THAT(in_app("hello", ask), ElementsAre("Hello"));
    EXPECT_THAT(in_app("other", ask), Contains("unreachable"));
}

TEST_F(real_engine_walls_test, builds_reach_a_mirror_on_their_network_but_no_other_build) {
    container_spec c;
    c.name = "gasper-" + engine_->id() + "-builder";
    c.image = image_;
    c.entrypoint = {"/bin/sh", "-c"};
    c.command = {"httpd -f -p 5000 -h /bin"};
    c.network = "gasper-" + engine_->id() + ".builds";
    c.aliases = {"packages.test"};
    c.label = {{"gasper.data", engine_->id()}};
    auto id = run(client_->create_container(c, soon()));
    ASSERT_TRUE(id) << id.error().message;
    ASSERT_TRUE(run(client_->start_container(*id, soon())));
    const auto address = run(client_->inspect_container(*id, soon()))->address;
    const auto ask = [&](const std::string& where) {
        std::vector<std::string> lines;
        auto status = run(engine_->run_once(
            once("nc -w 2 " + where + " 5000 </dev/null && echo open || echo closed"),
            [&](std::string_view l) { lines.emplace_back(l); }, soon()));
        EXPECT_TRUE(status) << status.error().message;
        return lines;
    };
    EXPECT_THAT(ask(address), Contains("open"));

    task_scope scope(io_.get_executor(), {});
    std::string build;
    auto work = [](single_engine& e, once_spec s, line_sink sink) -> task<> {
        (void)co_await e.run_once(std::move(s), std::move(sink), soon());
    };
    scope.spawn("build",
                work(*engine_, once("ip -4 addr show eth0 | awk '/inet/ {print $2}'; httpd -f -p 5000 -h /bin"),
                     [&](std::string_view l) { build = l.substr(0, l.find('/')); }));
    ASSERT_TRUE(test::run_until(io_, [&] { return !build.empty(); }));
    EXPECT_NE(build, address);
    EXPECT_THAT(ask(build), Contains("closed"));
    EXPECT_TRUE(run(scope.stop(soon())));
}

TEST_F(real_engine_walls_test, ports_of_this_host_are_closed_but_the_open_ones) {
    ASSERT_EQ(engine_->wall_missing(), "") << "this test needs root";
    asio::ip::tcp::acceptor control(io_, {asio::ip::tcp::v4(), 0}), router(io_, {asio::ip::tcp::v4(), 0});
    auto other = another({.data = data_ / "second", .open_host_ports = {router.local_endpoint().port()}});
    ASSERT_TRUE(run(other->connect(soon())));
    const auto ask = [&](std::uint16_t port) {
        return "g=$(ip route | awk '/default/ {print $3}'); nc -w 2 $g " + std::to_string(port) +
               " </dev/null && echo open || echo closed";
    };
    task_scope scope(io_.get_executor(), {});
    scope.spawn("control", accept_all(control));
    scope.spawn("router", accept_all(router));
    engine_.swap(other);
    const auto to_control = in_app("hello", ask(control.local_endpoint().port()));
    const auto to_router = in_app("hello", ask(router.local_endpoint().port()));
    engine_.swap(other);
    EXPECT_TRUE(run(scope.stop(soon())));
    EXPECT_THAT(to_control, Contains("closed"));
    EXPECT_THAT(to_router, Contains("open"));
    EXPECT_TRUE(run(other->remove_everything(soon())));
    EXPECT_TRUE(run(other->close(soon())));
}

}  // namespace gasper::runtime
