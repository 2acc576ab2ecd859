// One HTTP POST to somebody else's server, over TLS where the address says so: the status of the answer, nothing else
// of it is read. Runs on the executor of whoever awaits it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "core/base/asio.hpp"
#include "core/base/deadline.hpp"
#include "core/base/error.hpp"

namespace gasper::control {

struct web_address {
    bool tls{false};
    std::string host;  // without brackets
    std::uint16_t port{0};
    std::string target;  // path and query
};

/// "https://host[:port][/path][?query]" or http; at most 2,000 bytes, without user, fragment, blanks.
result<web_address> parse_web_address(const std::string& url);

/// Not on the public internet: loopback, private, link-local, shared, multicast, unspecified. For an IPv4 or IPv6
/// address in its usual writing; true for what is none.
bool is_private_address(const std::string& address);

/// "sha256=" and the HMAC-SHA256 of the body in hex.
std::string signature_of(const std::string& secret, const std::string& body);

class poster {
 public:
    poster();
    ~poster();
    poster(const poster&) = delete;
    poster& operator=(const poster&) = delete;

    /// The status. Refuses when the server is not reached in time, is not who it says, or (unless `anywhere`) is at a
    /// private address: what a customer's webhook reaches must not be what only this machine may.
    task<result<int>> post(web_address to, std::map<std::string, std::string> fields, std::string body, bool anywhere,
                           deadline until);

 private:
    struct tls_settings;
    task<result<int>> exchange(web_address to, std::string message, bool anywhere);

    std::unique_ptr<tls_settings> tls_;
};

}  // namespace gasper::control
