// A service's door between scripted peers: who comes in, how TLS begins, what is relayed, and what ends.
#include "runtime/services/door.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <future>
#include <mutex>
#include <thread>

#include "core/base/crypto.hpp"
#include "tests/support/run_task.hpp"
#include "tests/support/scripted_upstream.hpp"
#include "tests/support/test_certificate.hpp"

namespace gasper::runtime {
namespace {

using namespace std::chrono_literals;
using namespace std::string_view_literals;
using asio::ip::tcp;

door_options usual() {
    static const auto shown = make_door_certificate({"door.test"}).value();
    door_options o;
    o.service = "blue";
    o.allowed = allow_list::parse("127.0.0.1", false).value();
    o.shown = shown;
    return o;
}

tls_start_rules as_postgres() {
    return {.ask = std::string("\0\0\0\x08\x04\xd2\x16\x2f"sv),
            .answer = "S",
            .declined = {std::string("\0\0\0\x08\x04\xd2\x16\x30"sv)},
            .decline = "N",
            .refusal = "with TLS only"};
}

/// A door that works in a thread of its own, before whatever listens on this port of loopback.
class open_door {
 public:
    open_door(door_options options, std::uint16_t server) : server_(server) {
        auto where = [this]() -> std::optional<tcp::endpoint> {
            if (server_ == 0) return std::nullopt;
            return tcp::endpoint(asio::ip::address_v4::loopback(), server_);
        };
        door_ = std::make_unique<service_door>(io_.get_executor(), std::move(options), std::move(where), log_);
        door_->listen().value();
        port_ = door_->port();
        auto done = [](std::exception_ptr) {};
        asio::co_spawn(io_, door_->run(), done);
        thread_ = std::thread([this] { io_.run(); });
    }
    ~open_door() { close(); }

    /// All that it did has ended then.
    void close() {
        if (!thread_.joinable()) return;
        asio::post(io_, [this] { door_->close(); });
        thread_.join();
    }
    service_door::figures seen() {
        std::promise<service_door::figures> told;
        asio::post(io_, [this, &told] { told.set_value(door_->seen()); });
        return told.get_future().get();
    }
    bool eventually(const std::function<bool(const service_door::figures&)>& condition) {
        for (const auto until = deadline::after(10s); !until.expired(); std::this_thread::sleep_for(2ms))
            if (condition(seen())) return true;
        return false;
    }
    void serve_from(std::uint16_t server) { server_ = server; }
    std::uint16_t port() const { return port_; }

 private:
    asio::io_context io_;
    logger log_{"test", log_level::error};
    std::atomic<std::uint16_t> server_;
    std::unique_ptr<service_door> door_;
    std::uint16_t port_{0};
    std::thread thread_;
};

class door_test : public testing::Test {
 protected:
    static void SetUpTestSuite() { init_crypto(); }

    static void echo(test::tcp_peer& peer) {
        for (std::string said; !(said = peer.read_exactly(1)).empty();)
            if (!peer.send(said)) return;
    }
    static std::string greet(test::tls_peer& client) {
        client.send("hello");
        return client.read_exactly(5);
    }

    test::scripted_upstream server_{echo};
};

TEST_F(door_test, relays_under_tls_with_its_own_certificate) {
    open_door door(usual(), server_.port());
    test::tls_peer client(door.port(), "door.test");
    ASSERT_TRUE(client.connected());
    EXPECT_EQ(client.shown(), "door.test");
    EXPECT_EQ(greet(client), "hello");
    EXPECT_EQ(door.seen().open, 1u);
    EXPECT_EQ(door.seen().let_in, 1u);
}

TEST_F(door_test, begins_tls_as_the_protocol_asks_for_it) {
    auto options = usual();
    options.begin = as_postgres();
    open_door door(std::move(options), server_.port());
    auto below = test::tcp_peer::connect(door.port());
    below.send("\0\0\0\x08\x04\xd2\x16\x30"sv);
    ASSERT_EQ(below.read_exactly(1), "N");
    below.send("\0\0\0\x08\x04\xd2\x16\x2f"sv);
    ASSERT_EQ(below.read_exactly(1), "S");
    test::tls_peer client(std::move(below), "");
    ASSERT_TRUE(client.connected());
    EXPECT_EQ(greet(client), "hello");
}

TEST_F(door_test, nothing_that_came_before_tls_is_taken_for_what_came_under_it) {
    auto options = usual();
    options.begin = as_postgres();
    open_door door(std::move(options), server_.port());
    auto below = test::tcp_peer::connect(door.port());
    below.send(
        "\0\0\0\x08\x04\xd2\x16\x2f"
        "DROP TABLE users;"sv);
    EXPECT_EQ(below.read_exactly(1), "S");
    below.end();
    below.read_to_end();
    EXPECT_TRUE(door.eventually([](const auto& f) { return f.let_in == 1 && f.open == 0; }));
    EXPECT_EQ(server_.connections(), 0);
}

TEST_F(door_test, tells_a_client_without_tls_why_it_is_refused) {
    auto options = usual();
    options.begin = as_postgres();
    open_door door(std::move(options), server_.port());
    auto client = test::tcp_peer::connect(door.port());
    client.send("\0\0\0\x54\0\x03\0\0user\0ann\0database\0app\0\0"sv);
    EXPECT_EQ(client.read_to_end(), "with TLS only");
    EXPECT_FALSE(client.was_reset());
    EXPECT_EQ(server_.connections(), 0);
}

TEST_F(door_test, turns_strangers_away_before_it_reads) {
    auto options = usual();
    options.allowed = allow_list::parse("192.0.2.0/24,2001:db8::/32", false).value();
    open_door door(std::move(options), server_.port());
    auto client = test::tcp_peer::connect(door.port());
    EXPECT_EQ(client.read_to_end(), "");
    EXPECT_TRUE(client.was_reset());
    EXPECT_EQ(door.seen().turned_away, 1u);
    EXPECT_EQ(door.seen().let_in, 0u);
    EXPECT_EQ(server_.connections(), 0);
}

TEST_F(door_test, a_client_that_has_said_all_is_still_answered) {
    test::scripted_upstream counts([](test::tcp_peer& peer) {
        const auto all = peer.read_to_end();
        peer.send(sha256_hex(all));
    });
    open_door door(usual(), counts.port());
    const auto much = random_bytes(5 << 20);
    test::tls_peer client(door.port(), "");
    ASSERT_TRUE(client.send(much));
    client.end();
    EXPECT_EQ(client.read_to_end(), sha256_hex(much));
}

TEST_F(door_test, what_a_server_says_arrives_whole_and_its_end_as_an_end) {
    const auto much = random_bytes(5 << 20);
    test::scripted_upstream tells([&](test::tcp_peer& peer) { peer.send(much); });
    open_door door(usual(), tells.port());
    test::tls_peer client(door.port(), "");
    EXPECT_EQ(sha256_hex(client.read_to_end()), sha256_hex(much));
    EXPECT_TRUE(door.eventually([](const auto& f) { return f.open == 0; }));
}

TEST_F(door_test, a_client_that_goes_without_a_word_takes_its_connection_to_the_server_along) {
    std::promise<void> ended;
    test::scripted_upstream waits([&](test::tcp_peer& peer) {
        peer.read_to_end();
        ended.set_value();
    });
    open_door door(usual(), waits.port());
    test::tls_peer client(door.port(), "");
    ASSERT_TRUE(client.connected());
    client.below().reset();
    EXPECT_EQ(ended.get_future().wait_for(10s), std::future_status::ready);
}

TEST_F(door_test, who_does_not_begin_tls_in_time_is_cut) {
    for (auto begin : {tls_start_rules(), as_postgres()}) {
        auto options = usual();
        options.begin = std::move(begin);
        options.begin_time = 100ms;
        open_door door(std::move(options), server_.port());
        auto silent = test::tcp_peer::connect(door.port());
        silent.send("\0\0\0"sv);
        EXPECT_EQ(silent.read_to_end(), "");
        EXPECT_TRUE(door.eventually([](const auto& f) { return f.open == 0; }));
    }
    EXPECT_EQ(server_.connections(), 0);
}

TEST_F(door_test, a_connection_on_which_nothing_moves_is_cut_and_one_that_is_used_is_not) {
    auto options = usual();
    options.idle_time = 500ms;
    open_door door(std::move(options), server_.port());
    test::tls_peer client(door.port(), "");
    for (const auto until = deadline::after(1500ms); !until.expired(); std::this_thread::sleep_for(20ms))
        ASSERT_EQ(greet(client), "hello");
    EXPECT_EQ(client.read_to_end(), "");
    EXPECT_TRUE(door.eventually([](const auto& f) { return f.open == 0; }));
}

TEST_F(door_test, who_does_not_read_is_cut_and_until_then_the_server_waits) {
    std::atomic<std::size_t> sent{0};
    std::promise<void> ended;
    test::scripted_upstream tells([&](test::tcp_peer& peer) {
        try {
            for (const std::string some(64 << 10, 'x'); peer.send(some);)
                sent += some.size();
        } catch (const std::exception&) {
            return;  // it was never cut
        }
        ended.set_value();
    });
    auto options = usual();
    options.stall_time = 500ms;
    open_door door(std::move(options), tells.port());
    test::tls_peer client(door.port(), "");
    ASSERT_TRUE(client.connected());
    EXPECT_EQ(ended.get_future().wait_for(10s), std::future_status::ready);
    EXPECT_LT(sent, 64u << 20) << "what the kernel holds, and no more";
}

TEST_F(door_test, takes_as_many_as_it_may_and_another_when_one_has_gone) {
    auto options = usual();
    options.most_connections = 2;
    open_door door(std::move(options), server_.port());
    std::optional<test::tls_peer> first(std::in_place, door.port(), "");
    test::tls_peer second(door.port(), "");
    ASSERT_EQ(greet(*first), "hello");
    ASSERT_EQ(greet(second), "hello");
    auto third = test::tcp_peer::connect(door.port());
    EXPECT_EQ(third.read_to_end(), "");
    EXPECT_EQ(door.seen().turned_away, 1u);
    first.reset();
    ASSERT_TRUE(door.eventually([](const auto& f) { return f.open == 1; }));
    test::tls_peer fourth(door.port(), "");
    EXPECT_EQ(greet(fourth), "hello");
    EXPECT_EQ(greet(second), "hello");
}

TEST_F(door_test, one_address_does_not_take_all_places) {
    auto options = usual();
    options.most_of_address = 1;
    open_door door(std::move(options), server_.port());
    test::tls_peer first(door.port(), "");
    ASSERT_EQ(greet(first), "hello");
    auto second = test::tcp_peer::connect(door.port());
    EXPECT_EQ(second.read_to_end(), "");
    EXPECT_TRUE(second.was_reset());
}

TEST_F(door_test, a_server_that_does_not_run_is_an_end_and_no_end_of_the_door) {
    open_door door(usual(), 0);
    test::tls_peer in_vain(door.port(), "");
    EXPECT_TRUE(in_vain.connected());
    EXPECT_EQ(in_vain.read_to_end(), "");
    test::scripted_upstream gone(echo);
    door.serve_from(gone.port());
    gone.stop();
    test::tls_peer refused(door.port(), "");
    EXPECT_EQ(refused.read_to_end(), "");
    door.serve_from(server_.port());
    test::tls_peer client(door.port(), "");
    EXPECT_EQ(greet(client), "hello");
}

TEST_F(door_test, a_closed_door_cuts_what_is_open_and_frees_its_port) {
    auto options = usual();
    open_door door(options, server_.port());
    test::tls_peer client(door.port(), "");
    ASSERT_EQ(greet(client), "hello");
    door.close();
    EXPECT_EQ(client.read_to_end(), "");
    EXPECT_THROW(test::tcp_peer::connect(door.port()), std::runtime_error);
    options.port = door.port();
    open_door again(options, server_.port());
    test::tls_peer other(again.port(), "");
    EXPECT_EQ(greet(other), "hello");
}

TEST_F(door_test, a_port_that_is_taken_and_a_certificate_that_is_none_are_refused) {
    asio::io_context io;
    logger log("test", log_level::error);
    auto options = usual();
    options.port = server_.port();
    service_door taken(
        io.get_executor(), options, [] { return std::nullopt; }, log);
    const auto refused = taken.listen();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "port_taken");
    options = usual();
    options.shown.key = make_door_certificate({"door.test"})->key;
    service_door wrong(
        io.get_executor(), options, [] { return std::nullopt; }, log);
    EXPECT_EQ(wrong.listen().error().code, "door_certificate");
}

}  // namespace
}  // namespace gasper::runtime
