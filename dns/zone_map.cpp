#include "dns/zone_map.hpp"

#include <algorithm>
#include <cstring>
#include <optional>

#include "dns/name.hpp"

namespace gasper::dns {

const rrset* node::find(record_type type) const noexcept {
    const auto found = std::ranges::find(sets, type, &rrset::type);
    return found == sets.end() ? nullptr : &*found;
}

const node* zone_data::find(std::string_view name) const noexcept {
    const auto found = nodes_.find(name);
    return found == nodes_.end() ? nullptr : &found->second;
}

const node* zone_data::match(std::string_view name) const noexcept {
    if (const auto* exact = find(name)) return exact;
    // The closest encloser is the longest ancestor that exists; the origin always does.
    auto encloser = parent_of(name);
    while (!nodes_.contains(encloser))
        encloser = parent_of(encloser);
    char wildcard[max_name + 2] = {1, '*'};
    std::memcpy(wildcard + 2, encloser.data(), encloser.size());
    return find({wildcard, encloser.size() + 2});
}

std::string_view zone_data::cut(std::string_view name) const noexcept {
    std::string_view topmost;
    for (; has_cuts_ && name.size() > origin_.size(); name = parent_of(name))
        if (const auto* at = find(name); at && at->find(record_type::ns)) topmost = name;
    return topmost;
}

class zone_compiler {
 public:
    zone_compiler(const zone& from, std::uint64_t version) : from_(from), version_(version) {}

    result<std::unique_ptr<const zone_data>> compile() {
        const auto origin = name_from_text(from_.name + ".", std::string_view("\0", 1));
        if (!origin) return refuse("is no domain name");
        out_->origin_ = *origin;
        out_->nodes_[*origin];
        for (const auto& set : from_.records)
            if (auto added = add(set); !added) return added.error();
        if (auto done = complete(); !done) return done.error();
        return std::unique_ptr<const zone_data>(std::move(out_));
    }

 private:
    error refuse(const std::string& what) const {
        return fail(errc::invalid, "dns_zone", "zone " + from_.name + ": " + what);
    }

    result<> add(const record_set& set) {
        const auto where = set.name + " " + set.type;
        const auto type = record_type_named(set.type);
        if (!type) return refuse(where + ": " + type.error().message);
        const auto name = name_from_text(set.name, out_->origin_);
        if (!name || !in_zone(*name)) return refuse(where + ": the name is not in the zone");
        if (set.data.empty()) return {};
        rrset compiled{*type, set.ttl, {}};
        for (const auto& text : set.data) {
            auto record = parse_record(*type, text, out_->origin_);
            if (!record) return refuse(where + " \"" + text.substr(0, 100) + "\": " + record.error().message);
            // RFC 2181 §5: a set holds no record twice.
            if (std::ranges::find(compiled.records, *record) == compiled.records.end())
                compiled.records.push_back(std::move(*record));
        }
        auto& sets = out_->nodes_[*name].sets;
        if (std::ranges::find(sets, *type, &rrset::type) != sets.end()) return refuse(where + ": is there twice");
        sets.push_back(std::move(compiled));
        // RFC 1034 §3.6.2: an alias is nothing else.
        const bool alias = *type == record_type::cname || sets.front().type == record_type::cname;
        if (alias && sets.size() > 1) return refuse(where + ": a CNAME stands beside other records");
        return check(*name, sets.back(), where);
    }

    result<> check(const std::string& name, const rrset& set, const std::string& where) {
        const bool apex = name == out_->origin_;
        if (set.type == record_type::soa && !apex) return refuse(where + ": only the zone itself has an SOA");
        if (set.type == record_type::cname && apex) return refuse(where + ": the zone itself cannot be an alias");
        const bool single = set.type == record_type::soa || set.type == record_type::cname;
        if (single && set.records.size() > 1) return refuse(where + ": may have one record only");
        if (set.type == record_type::ns && !apex) out_->has_cuts_ = true;
        for (std::string_view up = name; !apex && up.size() > out_->origin_.size(); up = parent_of(up))
            out_->nodes_.try_emplace(std::string(up));  // empty non-terminals
        return {};
    }

    bool in_zone(std::string_view name) const { return name.ends_with(out_->origin_) && is_label_boundary(name); }
    bool is_label_boundary(std::string_view name) const {
        while (name.size() > out_->origin_.size())
            name = parent_of(name);
        return name.size() == out_->origin_.size();
    }

    // Every zone has an SOA and an NS: without them a resolver takes it for lame.
    result<> complete() {
        auto& apex = out_->nodes_[out_->origin_].sets;
        const auto default_set = [&](record_type type, const std::string& text) {
            if (std::ranges::find(apex, type, &rrset::type) == apex.end())
                apex.push_back({type, 60, {*parse_record(type, text, out_->origin_)}});
        };
        // The zone's longest name must still have room for these.
        if (out_->origin_.size() + 11 > max_name) return refuse("the name is too long");
        default_set(record_type::ns, "ns1");
        default_set(record_type::soa, "ns1 hostmaster " + std::to_string(version_ & 0xffffffff) + " 3600 600 86400 60");
        const auto& soa = out_->soa();
        const auto& tail = soa.records.front().tail;
        std::uint32_t minimum = 0;
        for (unsigned char c : std::string_view(tail).substr(tail.size() - 4))
            minimum = minimum << 8 | c;
        out_->negative_ttl_ = std::min(soa.ttl, minimum);
        return {};
    }

    const zone& from_;
    std::uint64_t version_;
    std::unique_ptr<zone_data> out_{std::make_unique<zone_data>()};
};

result<zone_map> zone_map::compile(const table& from) {
    zone_map out;
    for (const auto& z : from.zones) {
        auto compiled = zone_compiler(z, from.version).compile();
        if (!compiled) return compiled.error();
        const auto origin = (*compiled)->origin();
        if (!out.zones_.emplace(origin, std::move(*compiled)).second)
            return fail(errc::invalid, "dns_zone", "zone " + z.name + ": is there twice");
    }
    return out;
}

const zone_data* zone_map::find(std::string_view name) const noexcept {
    for (;; name = parent_of(name)) {
        if (const auto found = zones_.find(name); found != zones_.end()) return found->second.get();
        if (name.size() <= 1) return nullptr;
    }
}

}  // namespace gasper::dns
