#include "runtime/services/greeting_start.hpp"

#include <utility>

namespace gasper::runtime {

using namespace std::string_view_literals;

namespace {

constexpr std::size_t ssl_request_size = 32;
constexpr std::size_t least_response = ssl_request_size + 1;  // the same, and a user's name
constexpr unsigned char ok_packet = 0x00, err_packet = 0xff, greeting_version = 10;
// In the second byte of the capabilities, from both sides.
constexpr unsigned char speaks_41 = 0x02, speaks_tls = 0x08;
// From the end of the server's version to the capabilities, and to the end of what is always there.
constexpr std::size_t until_capabilities = 4 + 8 + 1, always_greeted = until_capabilities + 2 + 1 + 2 + 2 + 1 + 10;
// An ERR packet's payload: ER_SECURE_TRANSPORT_REQUIRED.
constexpr auto tls_only = "\xff\x57\x0c#08004this database is reachable from here with TLS only"sv;

unsigned char byte_at(std::string_view bytes, std::size_t at) {
    return static_cast<unsigned char>(bytes[at]);
}

std::size_t payload_size(std::string_view header) {
    return std::size_t{byte_at(header, 0)} | std::size_t{byte_at(header, 1)} << 8 |
           std::size_t{byte_at(header, 2)} << 16;
}

unsigned char packet_number(std::string_view header) {
    return byte_at(header, 3);
}

// The first bytes of an SSLRequest and of a HandshakeResponse41.
bool has_flags(std::string_view payload, unsigned char flags) {
    return (byte_at(payload, 1) & flags) == flags;
}

std::string numbered_packet(std::uint8_t number, std::string_view payload) {
    std::string packet;
    packet += static_cast<char>(payload.size() & 0xff);
    packet += static_cast<char>(payload.size() >> 8 & 0xff);
    packet += static_cast<char>(payload.size() >> 16 & 0xff);
    packet += static_cast<char>(number);
    return packet.append(payload);
}

}  // namespace

std::string greeting_start::take(std::string_view bytes) {
    if (header_.empty()) return want(bytes);
    if (state_ == state::greeting) return hear_greeting(bytes);
    return hear_request(bytes);
}

std::string greeting_start::want(std::string_view header) {
    const auto size = payload_size(header);
    if (state_ == state::asking) {
        if (size != ssl_request_size || packet_number(header) != 1) return refuse_plain();
    } else if (size == 0 || size > longest_login_packet || packet_number(header) != 0) {
        return refuse("the server's greeting is malformed", "");
    }
    header_ = header;
    wants_ = size;
    return {};
}

// A server that takes nobody now says so in place of a greeting.
std::string greeting_start::hear_greeting(std::string_view payload) {
    auto packet = header_;
    packet.append(payload);
    if (byte_at(payload, 0) == err_packet) return refuse("the server refuses", std::move(packet));
    const auto version_end = payload.find('\0', 1);
    const bool whole = version_end != payload.npos && payload.size() - version_end - 1 >= always_greeted;
    if (byte_at(payload, 0) != greeting_version || !whole) return refuse("the server's greeting is malformed", "");
    auto& capabilities = packet[greeting_header + version_end + 1 + until_capabilities + 1];
    if ((static_cast<unsigned char>(capabilities) & speaks_41) == 0)
        return refuse("the server's greeting is too old", "");
    capabilities = static_cast<char>(static_cast<unsigned char>(capabilities) | speaks_tls);
    header_.clear();
    state_ = state::asking;
    wants_ = greeting_header;
    return packet;
}

std::string greeting_start::hear_request(std::string_view payload) {
    if (!has_flags(payload, speaks_41 | speaks_tls)) return refuse_plain();
    state_ = state::begun;
    wants_ = 0;
    return {};
}

std::string greeting_start::refuse(std::string why, std::string said) {
    state_ = state::refused;
    wants_ = 0;
    why_ = std::move(why);
    return said;
}

// Whatever number the client's had: this is the one that a client without TLS waits for.
std::string greeting_start::refuse_plain() {
    return refuse("the client does not ask for it", numbered_packet(2, tls_only));
}

std::string greeting_login::from_client(std::string_view bytes) {
    if (state_ == state::through) return std::string(bytes);
    if (state_ == state::refused) return {};
    client_.append(bytes);
    std::string on;
    for (std::string packet; !(packet = next_of(client_)).empty();)
        on += pass_in(std::move(packet));
    return state_ == state::refused ? std::string() : on;
}

// What a server says behind its last packet is said as it is.
std::string greeting_login::from_server(std::string_view bytes) {
    if (state_ == state::through) return std::string(bytes);
    if (state_ == state::refused) return {};
    server_.append(bytes);
    std::string on;
    for (std::string packet; !(packet = next_of(server_)).empty();)
        on += pass_out(std::move(packet));
    if (state_ == state::refused) return {};
    if (state_ == state::through) on += std::exchange(server_, {});
    return on;
}

// With its header; empty: it has not come whole, or nothing is looked at any more.
std::string greeting_login::next_of(std::string& held) {
    if (state_ != state::going || held.size() < greeting_header) return {};
    const auto size = payload_size(held);
    if (size > longest_login_packet) return refuse("a packet is too long");
    if (held.size() < greeting_header + size) return {};
    if (++packets_ > most_packets) return refuse("it has no end");
    auto packet = held.substr(0, greeting_header + size);
    held.erase(0, packet.size());
    return packet;
}

std::string greeting_login::pass_in(std::string packet) {
    if (packet_number(packet) != next_) return refuse("the client's packet has a wrong number");
    if (!responded_) {
        if (packet.size() < greeting_header + least_response ||
            !has_flags(std::string_view(packet).substr(greeting_header), speaks_41))
            return refuse("the client's response is malformed");
        auto& capabilities = packet[greeting_header + 1];
        capabilities = static_cast<char>(static_cast<unsigned char>(capabilities) & ~speaks_tls);
        responded_ = true;
    }
    packet[greeting_header - 1] = static_cast<char>(next_ - 1);
    ++next_;
    return packet;
}

// An ERR may cross what the client says. What is neither ERR nor OK is its plugin's: AuthSwitchRequest, AuthMoreData.
std::string greeting_login::pass_out(std::string packet) {
    if (packet.size() == greeting_header) return refuse("the server's packet is empty");
    const auto kind = byte_at(packet, greeting_header);
    if (kind != err_packet && (!responded_ || packet_number(packet) != next_ - 1))
        return refuse("the server's packet has a wrong number");
    packet[greeting_header - 1] = static_cast<char>(next_);
    ++next_;
    if (kind == ok_packet && !client_.empty()) return refuse("the client does not wait for the end");
    if (kind == ok_packet || kind == err_packet) {
        client_.clear();  // after an ERR nobody reads it
        state_ = state::through;
    }
    return packet;
}

std::string greeting_login::refuse(std::string why) {
    state_ = state::refused;
    why_ = std::move(why);
    client_.clear();
    server_.clear();
    return {};
}

}  // namespace gasper::runtime
