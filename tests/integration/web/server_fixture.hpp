// A server with a scripted application on a thread of its own, and a client that sends any bytes.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_future.hpp>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <thread>

#include "core/base/handle.hpp"
#include "web/events.hpp"
#include "web/server.hpp"

namespace gasper::web {

class scripted_application final : public application {
 public:
    std::function<task<response>(request)> on_request = echo;
    std::size_t limit{1u << 20};

    task<response> handle(request r) override { return on_request(std::move(r)); }
    std::size_t body_limit(const request&) override { return limit; }

    /// "METHOD target body"
    static task<response> echo(request r) {
        response out;
        out.fields.set("Content-Type", "text/plain");
        out.body = std::string(to_string(r.verb)) + " " + r.target + " " + r.body;
        co_return out;
    }
};

/// A blocking client with deadlines: what the hostile ones of the tests are made of.
class raw_client {
 public:
    explicit raw_client(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(port);
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(::connect(fd_.get(), reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
    }

    /// False when the other side has gone.
    bool send(std::string_view bytes) {
        while (!bytes.empty()) {
            const auto n = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (n <= 0) return false;
            bytes.remove_prefix(static_cast<std::size_t>(n));
        }
        return true;
    }

    /// Reads until `text` is there, the end, or five seconds.
    std::string read_until(std::string_view text) {
        while (got_.find(text) == std::string::npos && more()) {
        }
        const auto at = got_.find(text);
        const auto n = at == std::string::npos ? got_.size() : at + text.size();
        auto out = got_.substr(0, n);
        got_.erase(0, n);
        return out;
    }

    /// Everything up to the end; nothing when it does not end within five seconds.
    std::optional<std::string> read_all() {
        while (more()) {
        }
        if (!ended_) return std::nullopt;
        return std::exchange(got_, {});
    }

    void close() { fd_.reset(); }

 private:
    bool more() {
        pollfd p{fd_.get(), POLLIN, 0};
        if (ended_ || ::poll(&p, 1, 5000) <= 0) return false;
        char buffer[65536];
        const auto n = ::recv(fd_.get(), buffer, sizeof buffer, 0);
        ended_ = n <= 0;
        if (n > 0) got_.append(buffer, static_cast<std::size_t>(n));
        return n > 0;
    }

    unique_fd fd_;
    std::string got_;
    bool ended_{false};
};

class server_fixture : public testing::Test {
 protected:
    void SetUp() override { settings.port = 0; }
    void TearDown() override {
        if (running_) stop(std::chrono::seconds(2));
    }

    void start() {
        served_.emplace(io_.get_executor(), app, settings, log_);
        ASSERT_TRUE(served_->listen());
        ended_ = asio::co_spawn(io_, served_->run(), asio::use_future);
        running_ = true;
        thread_ = std::thread([this] { io_.run(); });
    }

    void stop(std::chrono::milliseconds grace) {
        asio::co_spawn(io_, served_->stop(deadline::after(grace)), asio::use_future).get();
        ended_.get();
        thread_.join();
        running_ = false;
    }

    raw_client connect() { return raw_client(served_->port()); }

    template <class F>
    auto on_server(F ask) {
        return asio::co_spawn(
                   io_, [](F f, server& s) -> task<decltype(ask(*served_))> { co_return f(s); }(ask, *served_),
                   asio::use_future)
            .get();
    }

    /// Waits until `holds()`, at most five seconds.
    template <class F>
    void await(F holds) {
        const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(5);
        while (!holds()) {
            ASSERT_LT(std::chrono::steady_clock::now(), until);
            std::this_thread::yield();
        }
    }

    /// Waits until the server holds `n` connections.
    void await_connections(std::size_t n) {
        await([&] { return on_server([](server& s) { return s.connections(); }) == n; });
    }

    options settings;
    scripted_application app;
    asio::io_context io_{1};

 private:
    logger log_{"test", log_level::error};
    std::optional<server> served_;
    std::future<void> ended_;
    std::thread thread_;
    bool running_{false};
};

}  // namespace gasper::web
