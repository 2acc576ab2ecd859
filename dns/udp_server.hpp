// DNS over UDP on one address: packets are taken and answered in batches (recvmmsg, sendmmsg). Runs on one executor;
// its owner keeps it until run() has returned.
#pragma once

#include <boost/asio/ip/udp.hpp>
#include <memory>

#include "core/base/asio.hpp"
#include "core/base/snapshot.hpp"
#include "dns/zone_map.hpp"

namespace gasper::dns {

class udp_server {
 public:
    /// Binds; throws when that fails. Several servers may have one address (SO_REUSEPORT).
    udp_server(asio::any_io_executor executor, const asio::ip::udp::endpoint& at, snapshot<zone_map>& zones);
    ~udp_server();
    udp_server(const udp_server&) = delete;
    udp_server& operator=(const udp_server&) = delete;

    /// Serves until cancelled.
    task<> run();

    std::uint16_t port() const { return socket_.local_endpoint().port(); }

 private:
    struct batch;
    bool serve_batch();

    asio::ip::udp::socket socket_;
    snapshot<zone_map>& zones_;
    std::unique_ptr<batch> batch_;
};

}  // namespace gasper::dns
