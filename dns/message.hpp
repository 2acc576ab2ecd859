// DNS messages (RFC 1035 §4, EDNS0 of RFC 6891): queries in, responses out, no sockets. A query refers to the bytes it
// was parsed from; a response_writer refers to names until it is done.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "dns/records.hpp"
#include "dns/wire.hpp"

namespace gasper::dns {

enum class rcode : std::uint16_t {
    no_error = 0,
    format_error = 1,
    server_failure = 2,
    name_error = 3,
    not_implemented = 4,
    refused = 5,
    bad_version = 16
};

inline constexpr std::size_t header_size = 12;
inline constexpr std::size_t max_udp_payload = 1232;  // DNS flag day 2020: what no path fragments
inline constexpr std::uint16_t class_in = 1;

struct edns {
    std::uint16_t payload{512};
    std::uint8_t version{0};
    bool dnssec_ok{false};
};

struct query {
    std::uint16_t id{0};
    std::uint16_t flags{0};
    std::string_view name;  // wire form, case as sent
    record_type type{};
    std::uint16_t qclass{0};
    bool has_edns{false};
    edns options;
};

enum class verdict {
    answer,           // the query is whole
    drop,             // no header, or a response: a reply could loop
    format_error,     // answer with the header only
    not_implemented,  // another opcode than QUERY
};

verdict parse_query(std::span<const std::uint8_t> bytes, query& out);

enum class section { answer, authority, additional };

class response_writer {
 public:
    /// Writes at most `limit` bytes; room for the OPT record is kept from the start when the query has one.
    response_writer(std::span<std::uint8_t> out, std::size_t limit, const query& to);

    void question();
    /// A whole record set, or nothing of it: then false.
    bool add(section where, std::string_view owner, const rrset& set, std::uint32_t ttl);
    /// Takes back everything after the question and marks the response as truncated.
    void truncate();
    /// The size of the message.
    std::size_t finish(rcode code, bool authoritative);

 private:
    struct known_name {
        std::string_view name;
        std::uint16_t at;
    };

    void name(std::string_view wire);
    void data(const record_data& record);
    void forget_names();

    wire_writer to_;
    const query& query_;
    std::array<std::uint16_t, 4> counts_{};
    std::array<known_name, 48> known_;
    std::size_t known_count_{0};
    std::size_t limit_;
    std::size_t body_{header_size};
    bool truncated_{false};
};

}  // namespace gasper::dns
