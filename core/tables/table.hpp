// What the control plane publishes and the data plane follows: one immutable, versioned value. Its JSON form is
// described in docs/tables.md. Parsing bounds everything: a table file is hostile until it is parsed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"

namespace gasper {

enum class instance_protocol { http1, h2c };

struct routed_instance {
    std::string name;     // "web.1"
    std::string address;  // numeric IPv4 or IPv6, without brackets
    std::uint16_t port{0};
    instance_protocol protocol{instance_protocol::http1};
    bool operator==(const routed_instance&) const = default;
};

/// "192.0.2.1:9001", "[2001:db8::1]:9001".
std::string address_text(const routed_instance& instance);

struct route {
    std::string app;
    std::vector<std::string> hosts;  // lower case; "*.example.org" matches one label; "*" matches any
    std::vector<routed_instance> instances;
    bool maintenance{false};
    std::string maintenance_page;  // HTML; empty: the router's own
    /// Nothing runs, or what runs is frozen: requests are held, and control is asked to wake the app.
    bool asleep{false};
    std::uint32_t sleep_after{0};  // seconds without a request, of which control wants to hear; 0: it does not
    bool operator==(const route&) const = default;
};

struct certificate {
    std::vector<std::string> names;  // lower case; "*.example.org" matches one label
    std::string chain;               // PEM
    std::string key;                 // PEM
    bool operator==(const certificate&) const = default;
};

struct record_set {
    std::string name;  // relative to the zone; "@" is the zone itself; "*" a wildcard (RFC 4592)
    std::string type;  // "A", "AAAA", "CNAME", "TXT", "MX", "NS", "SOA", "CAA", "SRV"
    std::uint32_t ttl{60};
    std::vector<std::string> data;  // presentation format, one record each
    bool operator==(const record_set&) const = default;
};

struct zone {
    std::string name;  // "apps.test": lower case, no final dot
    std::vector<record_set> records;
    bool operator==(const zone&) const = default;
};

struct table {
    std::uint64_t version{0};
    std::vector<route> routes;
    std::vector<certificate> certificates;
    std::vector<zone> zones;
    bool operator==(const table&) const = default;
};

/// The bounds that parse_table holds a table to.
struct table_limits {
    static constexpr std::size_t bytes = 64u << 20;
    static constexpr std::size_t routes = 100'000;
    static constexpr std::size_t hosts = 64;         // of a route
    static constexpr std::size_t instances = 1'024;  // of a route
    static constexpr std::size_t page = 64u << 10;   // bytes of a maintenance page
    static constexpr std::size_t certificates = 100'000;
    static constexpr std::size_t certificate_names = 100;
    static constexpr std::size_t pem = 256u << 10;  // of a chain, of a key
    static constexpr std::size_t zones = 1'000;
    static constexpr std::size_t record_sets = 100'000;  // of a zone
    static constexpr std::size_t records = 256;          // of a record set
    static constexpr std::size_t record_text = 4'096;
    static constexpr std::size_t values = 5'000'000;  // JSON values in all: what bounds the memory of parsing
};

/// Refuses with errc::invalid (errc::too_large over table_limits::bytes) and the JSON pointer of what is wrong.
/// What a record's data means is for the DNS server to check.
result<table> parse_table(std::string_view json);

/// Throws on text that is not UTF-8.
std::string to_json(const table& value);

}  // namespace gasper
