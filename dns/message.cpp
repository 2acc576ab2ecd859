#include "dns/message.hpp"

#include "dns/name.hpp"

namespace gasper::dns {

namespace {

constexpr std::size_t opt_size = 11;

constexpr std::uint16_t qr_bit = 0x8000, opcode_bits = 0x7800, aa_bit = 0x0400, tc_bit = 0x0200, rd_bit = 0x0100;

// One record after the question; only OPT matters. False: the message is malformed.
bool read_record(wire_reader& from, bool may_be_opt, query& out) {
    const auto start = from.position();
    from.skip_name();
    const bool root = from.position() == start + 1;
    const auto type = static_cast<record_type>(from.u16());
    const auto payload = from.u16();
    const auto ttl = from.u32();
    from.skip(from.u16());
    if (from.failed()) return false;
    if (type != record_type::opt) return true;
    if (!may_be_opt || !root || out.has_edns) return false;  // RFC 6891 §6.1.1
    out.has_edns = true;
    out.options = {payload, static_cast<std::uint8_t>(ttl >> 16), (ttl & 0x8000) != 0};
    return true;
}

}  // namespace

verdict parse_query(std::span<const std::uint8_t> bytes, query& out) {
    wire_reader from(bytes);
    out.id = from.u16();
    out.flags = from.u16();
    std::uint16_t counts[4];
    for (auto& count : counts)
        count = from.u16();
    if (from.failed() || (out.flags & qr_bit) != 0) return verdict::drop;
    if ((out.flags & opcode_bits) != 0) return verdict::not_implemented;
    if (counts[0] != 1) return verdict::format_error;
    out.name = from.plain_name();
    out.type = static_cast<record_type>(from.u16());
    out.qclass = from.u16();
    for (std::size_t s = 1; s < 4; ++s)
        for (std::size_t i = 0; i < counts[s]; ++i)
            if (!read_record(from, s == 3, out)) return verdict::format_error;
    return from.failed() || from.remaining() != 0 ? verdict::format_error : verdict::answer;
}

response_writer::response_writer(std::span<std::uint8_t> out, std::size_t limit, const query& to)
    : to_(out), query_(to), limit_(limit) {
    to_.limit(limit - (to.has_edns ? opt_size : 0));
    for (std::size_t i = 0; i < header_size / 2; ++i)
        to_.u16(0);  // finish() fills it
}

void response_writer::question() {
    name(query_.name);
    to_.u16(static_cast<std::uint16_t>(query_.type));
    to_.u16(query_.qclass);
    counts_[0] = 1;
    body_ = to_.position();
}

// Compresses against every name written before. 0x20: a pointer to the question keeps the asker's spelling.
void response_writer::name(std::string_view wire) {
    for (; wire.size() > 1; wire = parent_of(wire)) {
        for (std::size_t i = 0; i < known_count_; ++i)
            if (known_[i].name.size() == wire.size() && equal_names(known_[i].name, wire))
                return to_.u16(static_cast<std::uint16_t>(0xc000 | known_[i].at));
        if (known_count_ < known_.size() && to_.position() < 0x4000)
            known_[known_count_++] = {wire, static_cast<std::uint16_t>(to_.position())};
        to_.bytes(wire.substr(0, static_cast<unsigned char>(wire.front()) + 1u));
    }
    to_.u8(0);
}

void response_writer::data(const record_data& record) {
    const auto length = to_.position();
    to_.u16(0);
    to_.bytes(record.head);
    for (const auto& n : record.names)
        name(n);
    to_.bytes(record.tail);
    if (!to_.overflowed()) to_.put_u16(length, static_cast<std::uint16_t>(to_.position() - length - 2));
}

bool response_writer::add(section where, std::string_view owner, const rrset& set, std::uint32_t ttl) {
    const auto start = to_.position();
    for (const auto& record : set.records) {
        name(owner);
        to_.u16(static_cast<std::uint16_t>(set.type));
        to_.u16(class_in);
        to_.u32(ttl);
        data(record);
    }
    if (to_.overflowed()) {
        to_.rewind(start);
        forget_names();
        return false;
    }
    counts_[1 + static_cast<std::size_t>(where)] += static_cast<std::uint16_t>(set.records.size());
    return true;
}

void response_writer::forget_names() {
    while (known_count_ > 0 && known_[known_count_ - 1].at >= to_.position())
        --known_count_;
}

void response_writer::truncate() {
    to_.rewind(body_);
    forget_names();
    counts_[1] = counts_[2] = counts_[3] = 0;
    truncated_ = true;
}

std::size_t response_writer::finish(rcode code, bool authoritative) {
    const auto value = static_cast<std::uint16_t>(code);
    if (query_.has_edns) {
        to_.limit(limit_);
        to_.u8(0);
        to_.u16(static_cast<std::uint16_t>(record_type::opt));
        to_.u16(max_udp_payload);
        to_.u32(static_cast<std::uint32_t>(value >> 4) << 24 | (query_.options.dnssec_ok ? 0x8000u : 0u));
        to_.u16(0);
        ++counts_[3];
    }
    to_.put_u16(0, query_.id);
    to_.put_u16(2, static_cast<std::uint16_t>(qr_bit | (query_.flags & (opcode_bits | rd_bit)) |
                                              (authoritative ? aa_bit : 0) | (truncated_ ? tc_bit : 0) | (value & 15)));
    for (std::size_t i = 0; i < counts_.size(); ++i)
        to_.put_u16(4 + 2 * i, counts_[i]);
    return to_.position();
}

}  // namespace gasper::dns
