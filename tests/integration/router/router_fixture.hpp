// A router in this process, with a table that the test writes.
#pragma once

#include <gtest/gtest.h>

#include "router/server.hpp"
#include "tests/support/scripted_upstream.hpp"

namespace gasper::test {

class router_test : public ::testing::Test {
 protected:
    router::options settings = [] {
        router::options o;
        o.http_address = "127.0.0.1:0";
        o.access_log = std::getenv("ROUTER_TEST_LOG") != nullptr;
        return o;
    }();

    void start() {
        server_ = std::make_unique<router::server>(settings);
        ASSERT_TRUE(server_->start());
        publish();
    }
    void publish() {
        table_.version++;
        ASSERT_TRUE(server_->apply(std::make_shared<const table>(table_)));
    }
    /// A route of the next table: `host` to instances on these loopback ports.
    route& add_route(std::string host, std::vector<std::uint16_t> ports) {
        route r;
        r.app = host;
        r.hosts = {std::move(host)};
        for (auto p : ports)
            r.instances.push_back({"web." + std::to_string(r.instances.size() + 1), "127.0.0.1", p});
        table_.routes.push_back(std::move(r));
        return table_.routes.back();
    }
    tcp_peer client() { return tcp_peer::connect(server_->port()); }
    /// The whole answer to one GET on a connection of its own.
    std::string get(std::string_view host, std::string_view path = "/") {
        auto c = client();
        c.send("GET " + std::string(path) + " HTTP/1.1\r\nHost: " + std::string(host) +
               "\r\nConnection: close\r\n\r\n");
        return c.read_to_end();
    }
    /// Waits for `holds`, up to tcp_peer::patience.
    template <class F>
    bool eventually(F holds) {
        const auto until = std::chrono::steady_clock::now() + tcp_peer::patience;
        while (std::chrono::steady_clock::now() < until) {
            if (holds()) return true;
            std::this_thread::yield();
        }
        return holds();
    }

    table table_;
    std::unique_ptr<router::server> server_;
};

}  // namespace gasper::test
