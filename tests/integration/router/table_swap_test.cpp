// Tables change while requests run; the router ends while requests run.
#include <gmock/gmock.h>

#include <future>

#include "tests/integration/router/router_fixture.hpp"

namespace gasper::test {
namespace {

using namespace std::chrono_literals;
using ::testing::EndsWith;
using ::testing::StartsWith;

class table_swap_test : public router_test {
 protected:
    /// The router has no request left for an instance that left the table: now control would end it.
    bool drained(std::uint16_t port) {
        const auto address = "127.0.0.1:" + std::to_string(port);
        return eventually([&] {
            auto report = server_->reports().next_report(!heard_);
            if (report.leaving) heard_ = report.leaving;
            const auto left = heard_->in_flight.find(address);
            return left == heard_->in_flight.end() || left->second == 0;
        });
    }

 private:
    std::optional<leaving_instances> heard_;
};

TEST_F(table_swap_test, loses_no_request_when_instances_change_under_load) {
    settings.threads = 2;
    std::vector<std::unique_ptr<scripted_upstream>> generations;
    const auto deploy = [&] {
        generations.push_back(std::make_unique<scripted_upstream>(always_ok("ok")));
        table_.routes.clear();
        add_route("app.localhost", {generations.back()->port()});
    };
    deploy();
    start();
    std::atomic<bool> done{false};
    std::atomic<int> good{0}, bad{0};
    const auto load = [&] {
        auto c = client();
        while (!done) {
            if (!c.send("GET / HTTP/1.1\r\nHost: app.localhost\r\n\r\n") || !c.read_message().ends_with("ok"))
                ++bad;
            else
                ++good;
        }
    };
    std::vector<std::future<void>> clients;
    for (int i = 0; i < 4; ++i)
        clients.push_back(std::async(std::launch::async, load));
    for (int i = 0; i < 20; ++i) {
        const int before = good;
        ASSERT_TRUE(eventually([&] { return good > before + 50 || bad > 0; }));
        deploy();
        publish();
        auto& old = *generations[generations.size() - 2];
        ASSERT_TRUE(drained(old.port()));
        old.stop();
    }
    done = true;
    for (auto& c : clients)
        c.get();
    EXPECT_EQ(bad, 0);
    EXPECT_GT(good, 1000);
}

TEST_F(table_swap_test, closes_idle_connections_to_an_instance_that_left_and_lets_a_request_finish) {
    std::promise<void> release;
    auto released = release.get_future().share();
    std::atomic<bool> asked{false}, closed{false};
    scripted_upstream slow([&](tcp_peer& peer) {
        peer.read_message();
        asked = true;
        released.wait();
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nold");
        peer.read_to_end();
        closed = true;
    });
    scripted_upstream next(always_ok("new"));
    add_route("app.localhost", {slow.port()});
    start();
    auto c = client();
    c.send("GET / HTTP/1.1\r\nHost: app.localhost\r\n\r\n");
    ASSERT_TRUE(eventually([&] { return asked.load(); }));
    table_.routes.clear();
    add_route("app.localhost", {next.port()});
    publish();
    EXPECT_THAT(get("app.localhost"), EndsWith("new"));
    release.set_value();
    EXPECT_THAT(c.read_message(), EndsWith("old"));
    EXPECT_TRUE(eventually([&] { return closed.load(); }));
    c.send("GET / HTTP/1.1\r\nHost: app.localhost\r\n\r\n");
    EXPECT_THAT(c.read_message(), EndsWith("new"));
}

TEST_F(table_swap_test, drains_requests_in_flight_and_ends_idle_connections) {
    std::promise<void> release;
    auto released = release.get_future().share();
    std::atomic<bool> asked{false};
    scripted_upstream slow([&](tcp_peer& peer) {
        peer.read_message();
        asked = true;
        released.wait();
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlast");
    });
    scripted_upstream quick(always_ok("ok"));
    add_route("slow.localhost", {slow.port()});
    add_route("quick.localhost", {quick.port()});
    start();
    auto idle = client();
    idle.send("GET / HTTP/1.1\r\nHost: quick.localhost\r\n\r\n");
    ASSERT_THAT(idle.read_message(), EndsWith("ok"));
    auto busy = client();
    busy.send("GET / HTTP/1.1\r\nHost: slow.localhost\r\n\r\n");
    ASSERT_TRUE(eventually([&] { return asked.load(); }));
    std::promise<void> drained;
    server_->drain([&] { drained.set_value(); });
    EXPECT_EQ(idle.read_to_end(), "");
    EXPECT_THROW(client(), std::runtime_error);
    release.set_value();
    EXPECT_EQ(busy.read_to_end(), "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nlast");
    EXPECT_EQ(drained.get_future().wait_for(10s), std::future_status::ready);
}

TEST_F(table_swap_test, spreads_requests_over_instances) {
    scripted_upstream one(always_ok("1"));
    scripted_upstream two(always_ok("2"));
    add_route("app.localhost", {one.port(), two.port()});
    start();
    std::map<char, int> answers;
    for (int i = 0; i < 40; ++i)
        ++answers[get("app.localhost").back()];
    EXPECT_EQ(answers['1'], 20);
    EXPECT_EQ(answers['2'], 20);
}

}  // namespace
}  // namespace gasper::test
