#include "dns/records.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "dns/name.hpp"

namespace gasper::dns {

namespace {

error bad(std::string what) {
    return fail(errc::invalid, "dns_record", std::move(what));
}

void append_u16(std::string& to, std::uint32_t v) {
    to += static_cast<char>(v >> 8);
    to += static_cast<char>(v);
}

void append_u32(std::string& to, std::uint32_t v) {
    append_u16(to, v >> 16);
    append_u16(to, v & 0xffff);
}

struct token {
    std::string text;
    bool quoted{false};
};

// Words and quoted strings. A backslash keeps its meaning for names; in strings it is resolved here.
class tokens {
 public:
    explicit tokens(std::string_view text) : rest_(text) {}

    std::optional<token> next() {
        while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t'))
            rest_.remove_prefix(1);
        if (rest_.empty() || broken_) return std::nullopt;
        if (rest_.front() == '"') return quoted();
        const auto n = rest_.find_first_of(" \t");
        token out{std::string(rest_.substr(0, n)), false};
        rest_.remove_prefix(std::min(n, rest_.size()));
        return out;
    }
    std::string_view rest() const { return rest_; }
    bool broken() const { return broken_; }

 private:
    std::optional<token> quoted() {
        token out{"", true};
        rest_.remove_prefix(1);
        while (!rest_.empty() && rest_.front() != '"') {
            if (rest_.front() == '\\' && !unescape()) return std::nullopt;
            if (pending_) {
                out.text += *pending_;
                pending_.reset();
            } else {
                out.text += rest_.front();
                rest_.remove_prefix(1);
            }
        }
        broken_ = rest_.empty();
        if (broken_) return std::nullopt;
        rest_.remove_prefix(1);
        return out;
    }

    bool unescape() {
        unsigned value = 0;
        const auto digits = rest_.substr(1, 3);
        const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
        if (ec == std::errc() && end == digits.data() + 3 && value < 256) {
            pending_ = static_cast<char>(value);
            rest_.remove_prefix(4);
        } else if (rest_.size() > 1 && (rest_[1] < '0' || rest_[1] > '9')) {
            pending_ = rest_[1];
            rest_.remove_prefix(2);
        } else {
            broken_ = true;
        }
        return !broken_;
    }

    std::string_view rest_;
    std::optional<char> pending_;
    bool broken_{false};
};

result<std::uint32_t> number(tokens& from, std::uint32_t most, const char* what) {
    const auto word = from.next();
    std::uint32_t value = 0;
    if (word) {
        const auto* last = word->text.data() + word->text.size();
        const auto [end, ec] = std::from_chars(word->text.data(), last, value);
        if (ec == std::errc() && end == last && value <= most) return value;
    }
    return bad(std::string(what) + " must be a number from 0 to " + std::to_string(most));
}

result<std::string> name(tokens& from, std::string_view origin, const char* what) {
    const auto word = from.next();
    if (word && !word->quoted)
        if (auto wire = name_from_text(word->text, origin)) return std::move(*wire);
    return bad(std::string(what) + " must be a domain name");
}

result<record_data> address(tokens& from, int family) {
    const auto word = from.next();
    unsigned char out[16];
    const std::size_t size = family == AF_INET ? 4 : 16;
    if (!word || ::inet_pton(family, word->text.c_str(), out) != 1)
        return bad(family == AF_INET ? "must be an IPv4 address" : "must be an IPv6 address");
    return record_data{std::string(reinterpret_cast<char*>(out), size), {}, {}, {}};
}

result<record_data> one_name(tokens& from, std::string_view origin, bool helps) {
    auto target = name(from, origin, "the target");
    if (!target) return target.error();
    return record_data{{}, {*target}, {}, helps ? *target : std::string()};
}

result<record_data> mx(tokens& from, std::string_view origin) {
    const auto preference = number(from, 65535, "the preference");
    if (!preference) return preference.error();
    auto out = one_name(from, origin, true);
    if (out) append_u16(out->head, *preference);
    return out;
}

result<record_data> srv(tokens& from, std::string_view origin) {
    record_data out;
    for (const auto* what : {"the priority", "the weight", "the port"}) {
        const auto value = number(from, 65535, what);
        if (!value) return value.error();
        append_u16(out.head, *value);
    }
    auto target = name(from, origin, "the target");
    if (!target) return target.error();
    out.head += *target;  // RFC 2782: not compressed
    out.target = *target;
    return out;
}

result<record_data> soa(tokens& from, std::string_view origin) {
    record_data out;
    for (const auto* what : {"the name server", "the mailbox"}) {
        auto value = name(from, origin, what);
        if (!value) return value.error();
        out.names.push_back(std::move(*value));
    }
    for (const auto* what : {"the serial", "refresh", "retry", "expire", "minimum"}) {
        const auto value = number(from, 0xffffffff, what);
        if (!value) return value.error();
        append_u32(out.tail, *value);
    }
    return out;
}

result<record_data> txt(tokens& from) {
    record_data out;
    const auto add = [&out](std::string_view text) {
        out.head += static_cast<char>(text.size());
        out.head += text;
        return text.size() <= 255;
    };
    const auto whole = from.rest();
    auto word = from.next();
    if (!from.broken() && word && !word->quoted) {
        if (!add(whole)) return bad("text without quotes may have at most 255 bytes");
        while (from.next()) {
        }
        return out;
    }
    for (; word; word = from.next())
        if (!word->quoted || !add(word->text)) return bad("must be quoted strings of at most 255 bytes each");
    if (out.head.empty()) return bad("must be one string at least");
    return out;
}

result<record_data> caa(tokens& from) {
    const auto flags = number(from, 255, "the flags");
    if (!flags) return flags.error();
    const auto tag = from.next();
    const auto value = from.next();
    const auto alphanumeric = [](char c) {
        return (c >= '0' && c <= '9') || (to_lower(c) >= 'a' && to_lower(c) <= 'z');
    };
    if (!tag || !value || tag->text.empty() || tag->text.size() > 15 ||
        !std::all_of(tag->text.begin(), tag->text.end(), alphanumeric))
        return bad("must be flags, a tag and a value, like 0 issue \"example.org\"");
    record_data out;
    out.head += static_cast<char>(*flags);
    out.head += static_cast<char>(tag->text.size());
    out.head += tag->text + value->text;
    return out;
}

result<record_data> parse(record_type type, tokens& from, std::string_view origin) {
    switch (type) {
        case record_type::a:
            return address(from, AF_INET);
        case record_type::aaaa:
            return address(from, AF_INET6);
        case record_type::ns:
            return one_name(from, origin, true);
        case record_type::cname:
            return one_name(from, origin, false);
        case record_type::mx:
            return mx(from, origin);
        case record_type::srv:
            return srv(from, origin);
        case record_type::soa:
            return soa(from, origin);
        case record_type::txt:
            return txt(from);
        case record_type::caa:
            return caa(from);
        default:
            return bad("has a type that a zone cannot hold");
    }
}

}  // namespace

result<record_type> record_type_named(std::string_view name) {
    using enum record_type;
    static constexpr std::pair<std::string_view, record_type> types[] = {{"A", a},     {"AAAA", aaaa}, {"CNAME", cname},
                                                                         {"TXT", txt}, {"MX", mx},     {"NS", ns},
                                                                         {"SOA", soa}, {"CAA", caa},   {"SRV", srv}};
    for (const auto& [text, type] : types)
        if (text == name) return type;
    return bad("unknown record type");
}

result<record_data> parse_record(record_type type, std::string_view text, std::string_view origin) {
    tokens from(text);
    auto out = parse(type, from, origin);
    if (out && (from.broken() || from.next())) return bad("has more after its end, or a quote that does not close");
    return out;
}

}  // namespace gasper::dns
