// DNS over TCP on one address (RFC 7766): any number of queries on a connection, answered in order. Runs on one
// executor; its owner keeps it until run() has returned.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstddef>
#include <list>
#include <memory>

#include "core/base/asio.hpp"
#include "core/base/log.hpp"
#include "core/base/snapshot.hpp"
#include "core/base/task_scope.hpp"
#include "dns/zone_map.hpp"

namespace gasper::dns {

struct tcp_limits {
    std::size_t connections{500};
    std::chrono::milliseconds idle{10'000};  // from one query's end to the next one's, and for taking an answer
};

class tcp_server {
 public:
    /// Binds and listens; throws when that fails. Several servers may have one address (SO_REUSEPORT).
    tcp_server(asio::any_io_executor executor, const asio::ip::tcp::endpoint& at, tcp_limits limits,
               snapshot<zone_map>& zones, logger& log);
    ~tcp_server();
    tcp_server(const tcp_server&) = delete;
    tcp_server& operator=(const tcp_server&) = delete;

    /// Serves until cancelled; then closes every connection.
    task<> run();

    std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

 private:
    struct connection;

    task<> accept();
    task<> serve(std::shared_ptr<connection> peer);
    void touch(const std::shared_ptr<connection>& peer);
    task<> one_query(std::shared_ptr<connection> peer);

    asio::ip::tcp::acceptor acceptor_;
    tcp_limits limits_;
    snapshot<zone_map>& zones_;
    logger& log_;
    task_scope scope_;
    std::list<std::shared_ptr<connection>> open_;  // the one that was idle longest is first
};

}  // namespace gasper::dns
