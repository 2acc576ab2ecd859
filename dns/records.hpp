// Resource records, compiled once from a table's presentation format to what goes on the wire.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"

namespace gasper::dns {

enum class record_type : std::uint16_t {
    a = 1,
    ns = 2,
    cname = 5,
    soa = 6,
    hinfo = 13,
    mx = 15,
    txt = 16,
    aaaa = 28,
    srv = 33,
    opt = 41,
    ixfr = 251,
    axfr = 252,
    any = 255,
    caa = 257
};

/// head, then the names (which may be compressed: only those of RFC 1035's own types), then tail.
struct record_data {
    std::string head;
    std::vector<std::string> names;  // wire form
    std::string tail;
    std::string target;  // the name whose addresses help the asker (NS, MX, SRV); empty: none
    bool operator==(const record_data&) const = default;
};

struct rrset {
    record_type type;
    std::uint32_t ttl;
    std::vector<record_data> records;
};

/// By its name in a table ("A", "AAAA" …). errc::invalid for another.
result<record_type> record_type_named(std::string_view name);

/// One record's presentation format (RFC 1035 §5, RFC 3596, RFC 2782, RFC 8659). Names without a final dot are
/// relative to `origin` (wire form).
result<record_data> parse_record(record_type type, std::string_view text, std::string_view origin);

}  // namespace gasper::dns
