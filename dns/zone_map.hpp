// The zones of one table, compiled: immutable, shared by whoever answers. Lookups allocate nothing.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/error.hpp"
#include "core/tables/table.hpp"
#include "dns/records.hpp"

namespace gasper::dns {

/// A name that exists. Without record sets it is an empty non-terminal (RFC 4592 §2.2.2).
struct node {
    std::vector<rrset> sets;
    const rrset* find(record_type type) const noexcept;
};

class zone_data {
 public:
    /// Names in wire form, lower-cased.
    std::string_view origin() const noexcept { return origin_; }
    const node* find(std::string_view name) const noexcept;
    /// What answers for `name`: itself, or the wildcard that covers it (RFC 4592 §3.3.1). None: NXDOMAIN.
    const node* match(std::string_view name) const noexcept;
    /// The delegation at or above `name`, below the origin; empty: none.
    std::string_view cut(std::string_view name) const noexcept;
    const rrset& soa() const noexcept { return *find(origin_)->find(record_type::soa); }
    /// RFC 2308 §5: the lesser of the SOA's TTL and its minimum.
    std::uint32_t negative_ttl() const noexcept { return negative_ttl_; }

 private:
    friend class zone_compiler;
    struct hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view s) const noexcept { return std::hash<std::string_view>{}(s); }
    };

    std::string origin_;
    std::unordered_map<std::string, node, hash, std::equal_to<>> nodes_;
    std::uint32_t negative_ttl_{0};
    bool has_cuts_{false};
};

class zone_map {
 public:
    zone_map() = default;
    /// errc::invalid with the zone and record that is wrong.
    static result<zone_map> compile(const table& from);

    /// The closest zone at or above `name` (wire form, lower-cased); none: not ours.
    const zone_data* find(std::string_view name) const noexcept;
    std::size_t size() const noexcept { return zones_.size(); }

 private:
    // Keys are views of the zones' own origins.
    std::unordered_map<std::string_view, std::unique_ptr<const zone_data>> zones_;
};

}  // namespace gasper::dns
