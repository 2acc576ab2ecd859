#include "dns/answer.hpp"

#include <algorithm>
#include <array>

#include "dns/message.hpp"
#include "dns/name.hpp"

namespace gasper::dns {

namespace {

// Where a query for a name leads within one zone (RFC 1034 §4.3.2), collected before anything is written.
class lookup {
 public:
    lookup(const zone_map& zones, const zone_data& zone, const query& asked)
        : zones_(zones), zone_(zone), asked_(asked) {}

    struct found {
        std::string_view owner;
        const rrset* set;
        std::uint32_t ttl;
    };

    void run(std::string_view lower) {
        auto owner = asked_.name;
        for (std::size_t hop = 0; hop < max_aliases; ++hop) {
            if (const auto cut = zone_.cut(lower); !cut.empty()) return refer(cut);
            const auto* at = zone_.match(lower);
            if (!at) return deny(rcode::name_error);
            if (asked_.type == record_type::any) return give(owner, at->sets.empty() ? nullptr : &minimal_any());
            if (const auto* set = at->find(asked_.type)) return give(owner, set);
            const auto* alias = at->find(record_type::cname);
            if (!alias) return deny(rcode::no_error);
            answers_[answer_count_++] = {owner, alias, alias->ttl};
            lower = owner = alias->records.front().names.front();
            const bool loop =
                std::any_of(answers_.begin(), answers_.begin() + static_cast<std::ptrdiff_t>(answer_count_),
                            [&](const found& f) { return equal_names(f.owner, owner); });
            if (loop || zones_.find(lower) != &zone_) return;
        }
    }

    rcode code() const { return code_; }
    bool authoritative() const { return authoritative_; }

    void write(response_writer& to) const {
        for (const auto& f : std::span(answers_).first(answer_count_))
            if (!to.add(section::answer, f.owner, *f.set, f.ttl)) return to.truncate();
        if (authority_.set && !to.add(section::authority, authority_.owner, *authority_.set, authority_.ttl))
            return to.truncate();
        if (answer_count_ > 0) write_addresses(to, answers_[answer_count_ - 1], false);
        if (authority_.set) write_addresses(to, authority_, !authoritative_);
    }

 private:
    static constexpr std::size_t max_aliases = 8;

    // RFC 8482 §4.2: something small instead of everything.
    static const rrset& minimal_any() {
        static const rrset set{record_type::hinfo, 3600, {{std::string("\7RFC8482\0", 9), {}, {}, {}}}};
        return set;
    }

    void give(std::string_view owner, const rrset* set) {
        if (!set) return deny(rcode::no_error);
        answers_[answer_count_++] = {owner, set, set->ttl};
    }

    void deny(rcode code) {
        code_ = code;
        authority_ = {zone_.origin(), &zone_.soa(), zone_.negative_ttl()};
    }

    void refer(std::string_view cut) {
        if (answer_count_ > 0) return;  // an alias led out of what is ours: the resolver follows it
        const auto* set = zone_.find(cut)->find(record_type::ns);
        authority_ = {cut, set, set->ttl};
        authoritative_ = false;
    }

    // Addresses that spare the asker a query. Those of a delegation's own servers it cannot do without.
    void write_addresses(response_writer& to, const found& of, bool needed) const {
        for (const auto& record : of.set->records) {
            if (record.target.empty() || !record.target.ends_with(zone_.origin())) continue;
            const auto* at = zone_.find(record.target);
            for (auto type : {record_type::a, record_type::aaaa}) {
                const auto* set = at ? at->find(type) : nullptr;
                if (set && !to.add(section::additional, record.target, *set, set->ttl)) {
                    if (needed) to.truncate();  // RFC 9471
                    return;
                }
            }
        }
    }

    const zone_map& zones_;
    const zone_data& zone_;
    const query& asked_;
    std::array<found, max_aliases + 1> answers_;
    std::size_t answer_count_{0};
    found authority_{};
    rcode code_{rcode::no_error};
    bool authoritative_{true};
};

std::size_t header_only(std::span<std::uint8_t> out, const query& asked, rcode code) {
    query plain;
    plain.id = asked.id;
    plain.flags = asked.flags;
    return response_writer(out, 512, plain).finish(code, false);
}

bool is_transfer(record_type type) {
    return type == record_type::axfr || type == record_type::ixfr;
}

}  // namespace

std::size_t answer(std::span<const std::uint8_t> request, transport over, const zone_map& zones,
                   std::span<std::uint8_t> out) {
    query asked;
    switch (parse_query(request, asked)) {
        case verdict::drop:
            return 0;
        case verdict::format_error:
            return header_only(out, asked, rcode::format_error);
        case verdict::not_implemented:
            return header_only(out, asked, rcode::not_implemented);
        case verdict::answer:
            break;
    }
    const auto udp_limit = std::clamp<std::size_t>(asked.options.payload, 512, max_udp_payload);
    response_writer to(out, over == transport::udp ? udp_limit : max_message, asked);
    to.question();
    if (asked.has_edns && asked.options.version != 0) return to.finish(rcode::bad_version, false);
    const lower_name name(asked.name);
    const auto* zone = zones.find(name.view());
    if (!zone || asked.qclass != class_in || is_transfer(asked.type)) return to.finish(rcode::refused, false);
    lookup at(zones, *zone, asked);
    at.run(name.view());
    at.write(to);
    return to.finish(at.code(), at.authoritative());
}

}  // namespace gasper::dns
