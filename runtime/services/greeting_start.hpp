// How a connection begins TLS where the server speaks first, in the words of MySQL's protocol: a greeting, which says
// here that TLS is to be had, the client's SSLRequest, TLS, and then a login whose packets are numbered on. The server
// behind speaks no TLS and knows nothing of the SSLRequest: its numbers are one behind, until the login has ended. No
// sockets: bytes in, bytes out. Until TLS begins, exactly what is needed is read, so that nothing which came
// unprotected is taken for what came under TLS (CVE-2011-0411). "Connection Phase" of MySQL's documentation.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gasper::runtime {

/// Of a packet of the login: its length (3 bytes, little-endian) and its number.
constexpr std::size_t greeting_header = 4;
/// The longest packet of a login, without its header.
constexpr std::size_t longest_login_packet = 64u << 10;

/// One connection's beginning, until TLS.
class greeting_start {
 public:
    enum class state { greeting, asking, begun, refused };
    state now() const noexcept { return state_; }
    /// How many bytes take() gets, of the server while now() is greeting, then of the client; 0: none any more.
    std::size_t wants() const noexcept { return wants_; }
    /// What the client is sent for them. `bytes` are wants(), not 0.
    std::string take(std::string_view bytes);
    /// Why it is refused.
    const std::string& why() const noexcept { return why_; }

 private:
    std::string hear_greeting(std::string_view payload);
    std::string hear_request(std::string_view payload);
    std::string want(std::string_view header);
    std::string refuse(std::string why, std::string said);
    std::string refuse_plain();

    state state_{state::greeting};
    std::size_t wants_{greeting_header};
    std::string header_;  // of the packet whose payload is next
    std::string why_;
};

/// What both say under TLS after that. Of what they say, whole packets go on; the rest is held.
class greeting_login {
 public:
    static constexpr std::size_t most_packets = 64;

    enum class state { going, through, refused };
    state now() const noexcept { return state_; }
    /// What goes on to the server; once it is through, the bytes as they are.
    std::string from_client(std::string_view bytes);
    /// What goes on to the client.
    std::string from_server(std::string_view bytes);
    /// Why it is refused.
    const std::string& why() const noexcept { return why_; }

 private:
    std::string next_of(std::string& held);
    std::string pass_in(std::string packet);
    std::string pass_out(std::string packet);
    std::string refuse(std::string why);

    state state_{state::going};
    std::string client_, server_;  // what has come of a packet
    std::size_t packets_{0};
    std::uint8_t next_{2};   // the number that the client gives or expects
    bool responded_{false};  // the client's HandshakeResponse has come
    std::string why_;
};

}  // namespace gasper::runtime
