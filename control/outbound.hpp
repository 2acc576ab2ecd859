// Connections to servers that people name: looked up, kept away from what only this machine may reach, and with TLS
// whose certificate is checked. Runs on the executor of whoever awaits it.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/asio.hpp"
#include "core/base/deadline.hpp"
#include "core/base/error.hpp"

namespace gasper::control {

/// Addresses of the host. Unless `anywhere`, only those on the public internet: a customer must not reach through us
/// what only we may. Errors: unavailable.
task<result<std::vector<asio::ip::tcp::endpoint>>> find_server(std::string host, std::uint16_t port, bool anywhere);

bool is_private(const asio::ip::address& a);

/// One TCP connection, with TLS or without. Everything it does is cut by its deadline; after a refusal it is of no use.
class outbound_stream {
 public:
    struct address {
        std::string host;
        std::uint16_t port{0};
        bool tls{false};
        bool anywhere{false};
    };
    /// TLS settings are shared by all connections of their maker.
    class tls_context;
    static std::shared_ptr<tls_context> make_context();

    static task<result<std::unique_ptr<outbound_stream>>> connect(address to, std::shared_ptr<tls_context> context,
                                                                  deadline until);
    ~outbound_stream();

    task<result<>> write(std::string bytes, deadline until);
    /// Without the line end (LF or CRLF); at most 4 KiB.
    task<result<std::string>> read_line(deadline until);
    /// From here on with TLS.
    task<result<>> start_tls(deadline until);
    /// The other side has closed, as far as is known now.
    task<bool> closed();
    bool on_loopback() const;

 private:
    struct state;
    explicit outbound_stream(std::unique_ptr<state> s);
    std::unique_ptr<state> state_;
};

}  // namespace gasper::control
