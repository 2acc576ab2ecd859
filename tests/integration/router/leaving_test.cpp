// What is still in flight at an instance that left the table, as the control plane is told.
#include <gmock/gmock.h>

#include <future>

#include "tests/integration/router/router_fixture.hpp"

namespace gasper::test {
namespace {

using ::testing::EndsWith;

class leaving_test : public router_test {
 protected:
    /// The last thing that was said about an instance; none: nothing was said yet.
    std::optional<std::uint64_t> said(std::uint16_t port) {
        auto report = server_->reports().next_report(!heard_);
        if (report.leaving) heard_ = report.leaving;
        const auto found = heard_->in_flight.find("127.0.0.1:" + std::to_string(port));
        return found == heard_->in_flight.end() ? 0 : found->second;
    }

    bool asks_soon() { return server_->reports().next_due() < router::clock::now() + std::chrono::seconds(1); }

    std::optional<leaving_instances> heard_;
    std::promise<void> release_;
    std::shared_future<void> released_{release_.get_future().share()};
    std::atomic<int> asked_{0};
    scripted_upstream slow_{[this](tcp_peer& peer) {
        peer.read_message();
        ++asked_;
        released_.wait();
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nold");
    }};
};

TEST_F(leaving_test, counts_down_to_nothing_as_requests_end_and_announces_the_end) {
    settings.threads = 2;
    std::atomic<int> news{0};
    add_route("app.localhost", {slow_.port()});
    server_ = std::make_unique<router::server>(settings);
    server_->reports().on_news([&] { ++news; });
    ASSERT_TRUE(server_->start());
    publish();
    std::vector<tcp_peer> clients;
    for (int i = 0; i < 5; ++i) {
        clients.push_back(client());
        clients.back().send("GET / HTTP/1.1\r\nHost: app.localhost\r\n\r\n");
    }
    ASSERT_TRUE(eventually([&] { return asked_ == 5; }));
    EXPECT_EQ(said(slow_.port()), 0u) << "it has not left";
    table_.routes.clear();
    publish();
    EXPECT_EQ(said(slow_.port()), 5u);
    ASSERT_TRUE(eventually([&] { return news > 0; })) << "every worker has passed the table";
    news = 0;
    release_.set_value();
    for (auto& c : clients)
        EXPECT_THAT(c.read_message(), EndsWith("old"));
    ASSERT_TRUE(eventually([&] { return news > 0; }));
    EXPECT_TRUE(eventually([&] { return said(slow_.port()) == 0u; }));
    EXPECT_FALSE(asks_soon()) << "nothing is leaving any more";
}

TEST_F(leaving_test, counts_an_upgraded_connection_until_it_ends) {
    scripted_upstream chat([](tcp_peer& peer) {
        peer.read_message();
        peer.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
        peer.read_to_end();
    });
    add_route("app.localhost", {chat.port()});
    start();
    auto c = client();
    c.send("GET / HTTP/1.1\r\nHost: app.localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    EXPECT_THAT(c.read_message(), ::testing::StartsWith("HTTP/1.1 101"));
    table_.routes.clear();
    publish();
    EXPECT_TRUE(asks_soon());
    EXPECT_EQ(said(chat.port()), 1u);
    c.close();
    EXPECT_TRUE(eventually([&] { return said(chat.port()) == 0u; }));
}

}  // namespace
}  // namespace gasper::test
