// Whom an exposed service's door lets in: networks of IPv4 and IPv6. A value; any thread.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"

namespace gasper::runtime {

class allow_list {
 public:
    static constexpr std::size_t most_networks = 64;
    static constexpr int widest_v4 = 8, widest_v6 = 16;  // a shorter prefix is nearly anyone

    /// "192.0.2.0/24,2001:db8::/32,203.0.113.7": at least one network; bits below a prefix must be 0. Networks as wide
    /// as 0.0.0.0/0, and those that are nearly that, are refused unless `anyone`.
    static result<allow_list> parse(std::string_view text, bool anyone);

    /// An IPv4 address is one also in the form of IPv6 ("::ffff:192.0.2.1"), as a socket for both sees it.
    bool contains(const boost::asio::ip::address& who) const noexcept;
    /// Each network once, with its prefix, in the order in which they were said.
    std::string text() const;
    bool operator==(const allow_list&) const = default;

 private:
    struct network {
        boost::asio::ip::address base;
        int prefix{0};
        bool operator==(const network&) const = default;
    };
    static result<network> parse_network(std::string_view text);

    std::vector<network> networks_;
};

}  // namespace gasper::runtime
