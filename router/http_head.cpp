#include "router/http_head.hpp"

#include <cstring>

namespace gasper::router {

namespace {

constexpr head_refusal accepted{};

constexpr head_refusal bad(std::string_view reason) {
    return {400, reason};
}

enum char_class : std::uint8_t { token_char = 1, target_char = 2, value_char = 4, digit_char = 8, host_char = 16 };

constexpr std::array<std::uint8_t, 256> classify_chars() {
    std::array<std::uint8_t, 256> t{};
    for (int c = 0; c < 256; ++c) {
        const bool digit = c >= '0' && c <= '9';
        const bool alpha = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        std::uint8_t is = 0;
        if (digit || alpha || std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos)
            is |= token_char;
        // A fragment never travels, so '#' in a target is somebody playing.
        if (c > ' ' && c < 0x7f && c != '#') is |= target_char;
        if (c == '\t' || (c >= ' ' && c != 0x7f)) is |= value_char;
        if (digit) is |= digit_char;
        if (digit || alpha || c == '-' || c == '.' || c == '_') is |= host_char;
        t[static_cast<std::size_t>(c)] = is;
    }
    t[0] = 0;
    return t;
}

constexpr auto classes = classify_chars();

bool all(std::string_view text, char_class is) noexcept {
    for (unsigned char c : text)
        if (!(classes[c] & is)) return false;
    return true;
}

constexpr char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

std::string_view trimmed(std::string_view text) noexcept {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
        text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
        text.remove_suffix(1);
    return text;
}

/// Calls each(member) for every non-empty member of a comma-separated list; stops when it returns true.
template <class F>
bool any_member(std::string_view list, F each) noexcept {
    while (!list.empty()) {
        const auto comma = list.find(',');
        const auto member = trimmed(list.substr(0, comma));
        if (!member.empty() && each(member)) return true;
        if (comma == std::string_view::npos) break;
        list.remove_prefix(comma + 1);
    }
    return false;
}

struct known_field {
    std::string_view name;
    field_id id;
};
constexpr std::array known{known_field{"te", field_id::te},
                           known_field{"host", field_id::host},
                           known_field{"expect", field_id::expect},
                           known_field{"upgrade", field_id::upgrade},
                           known_field{"forwarded", field_id::forwarded},
                           known_field{"connection", field_id::connection},
                           known_field{"keep-alive", field_id::keep_alive},
                           known_field{"x-request-id", field_id::x_request_id},
                           known_field{"content-length", field_id::content_length},
                           known_field{"http2-settings", field_id::http2_settings},
                           known_field{"x-forwarded-for", field_id::x_forwarded_for},
                           known_field{"x-request-start", field_id::x_request_start},
                           known_field{"x-forwarded-host", field_id::x_forwarded_host},
                           known_field{"x-forwarded-port", field_id::x_forwarded_port},
                           known_field{"proxy-connection", field_id::proxy_connection},
                           known_field{"transfer-encoding", field_id::transfer_encoding},
                           known_field{"x-forwarded-proto", field_id::x_forwarded_proto}};
static_assert(
    [] {
        for (std::size_t i = 1; i < known.size(); ++i)
            if (known[i].name.size() < known[i - 1].name.size()) return false;
        return true;
    }(),
    "identify() relies on the order by length");

field_id identify(std::string_view name) noexcept {
    for (const auto& k : known) {
        if (k.name.size() < name.size()) continue;
        if (k.name.size() > name.size()) break;
        bool disguised = false;
        bool same = true;
        for (std::size_t i = 0; same && i < name.size(); ++i) {
            const char c = lower(name[i]);
            if (c == k.name[i]) continue;
            same = c == '_' && k.name[i] == '-';
            disguised = true;
        }
        if (same) return disguised ? field_id::disguised : k.id;
    }
    return field_id::other;
}

/// Takes a line off the front of `rest`, without its CRLF. The head is known to end with an empty line.
std::string_view next_line(std::string_view& rest) noexcept {
    const auto* end = static_cast<const char*>(std::memchr(rest.data(), '\n', rest.size()));
    const auto size = static_cast<std::size_t>(end - rest.data());
    const auto line = rest.substr(0, size - 1);
    rest.remove_prefix(size + 1);
    return line;
}

head_refusal parse_field(std::string_view line, field& out) noexcept {
    if (line.empty() || line.front() == ' ' || line.front() == '\t') return bad("folded header field");
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return bad("header field without a colon");
    out.name = line.substr(0, colon);
    // Also refuses whitespace before the colon (RFC 9112 §5.1).
    if (out.name.empty() || !all(out.name, token_char)) return bad("bad character in a header field's name");
    out.value = trimmed(line.substr(colon + 1));
    if (!all(out.value, value_char)) return bad("control character in a header field's value");
    out.id = identify(out.name);
    return accepted;
}

head_refusal read_content_length(std::string_view value, message_head& out) noexcept {
    if (value.empty() || value.size() > 18 || !all(value, digit_char)) return bad("bad Content-Length");
    std::uint64_t length = 0;
    for (char c : value)
        length = length * 10 + static_cast<std::uint64_t>(c - '0');
    if (out.has_content_length && out.content_length != length) return bad("two different Content-Lengths");
    out.has_content_length = true;
    out.content_length = length;
    return accepted;
}

void read_connection(std::string_view value, message_head& out, bool& says_keep_alive, bool& says_upgrade) noexcept {
    any_member(value, [&](std::string_view token) {
        if (equal_ignoring_case(token, "close"))
            out.keep_alive = false;
        else if (equal_ignoring_case(token, "keep-alive"))
            says_keep_alive = true;
        else if (equal_ignoring_case(token, "upgrade"))
            says_upgrade = true;
        else
            out.connection_names_fields = true;
        return false;
    });
}

/// Fields, and what both kinds of message say in them: length, coding, connection.
head_refusal parse_fields(std::string_view rest, message_head& out) noexcept {
    bool says_keep_alive = false;
    bool says_upgrade = false;
    bool chunked = false;
    out.keep_alive = true;
    while (rest.size() > 2) {
        if (out.field_count == out.field_store.size()) return {431, "too many header fields"};
        auto& f = out.field_store[out.field_count];
        if (auto refused = parse_field(next_line(rest), f)) return refused;
        ++out.field_count;
        switch (f.id) {
            case field_id::content_length:
                if (auto refused = read_content_length(f.value, out)) return refused;
                break;
            case field_id::transfer_encoding:
                if (chunked) return bad("Transfer-Encoding given twice");
                if (!equal_ignoring_case(f.value, "chunked")) return {501, "Transfer-Encoding other than chunked"};
                chunked = true;
                break;
            case field_id::connection:
                read_connection(f.value, out, says_keep_alive, says_upgrade);
                break;
            default:
                break;
        }
    }
    // The classic smuggling shape: whoever reads one of the two disagrees with whoever reads the other.
    if (chunked && out.has_content_length) return bad("both Content-Length and Transfer-Encoding");
    if (chunked && out.minor == 0) return bad("Transfer-Encoding in HTTP/1.0");
    if (out.minor == 0) out.keep_alive = out.keep_alive && says_keep_alive;
    if (says_upgrade && out.minor == 1) out.upgrade = out.find(field_id::upgrade);
    if (chunked)
        out.body = body_kind::chunked;
    else if (out.has_content_length && out.content_length > 0)
        out.body = body_kind::length;
    return accepted;
}

head_refusal parse_version(std::string_view version, int& minor) noexcept {
    if (version.size() != 8 || version.substr(0, 5) != "HTTP/" || version[6] != '.') return bad("bad HTTP version");
    if (!(classes[static_cast<unsigned char>(version[5])] & digit_char) ||
        !(classes[static_cast<unsigned char>(version[7])] & digit_char))
        return bad("bad HTTP version");
    if (version[5] != '1') return {505, "HTTP version not supported"};
    minor = version[7] == '0' ? 0 : 1;
    return accepted;
}

/// host [ ":" port ], the host a name, an IPv4 address or an IPv6 address in brackets. `host` gets no port.
bool split_authority(std::string_view authority, std::string_view& host) noexcept {
    std::string_view port;
    if (!authority.empty() && authority.front() == '[') {
        const auto close = authority.find(']');
        if (close == std::string_view::npos) return false;
        host = authority.substr(0, close + 1);
        port = authority.substr(close + 1);
        for (char c : host.substr(1, host.size() - 2))
            if (!(classes[static_cast<unsigned char>(c)] & host_char) && c != ':') return false;
    } else {
        const auto colon = authority.find(':');
        host = authority.substr(0, colon);
        if (colon != std::string_view::npos) port = authority.substr(colon);
        if (!all(host, host_char)) return false;
    }
    if (host.empty() || host.size() > 255) return false;
    if (port.empty()) return true;
    return port.front() == ':' && port.size() >= 2 && port.size() <= 6 && all(port.substr(1), digit_char);
}

/// "http://host:port/path" → authority and origin-form (RFC 9112 §3.2.2). False when it is not absolute-form.
bool split_absolute(std::string_view target, std::string_view& authority, std::string_view& path) noexcept {
    const auto scheme = target.find("://");
    if (scheme == std::string_view::npos) return false;
    const auto name = target.substr(0, scheme);
    if (!equal_ignoring_case(name, "http") && !equal_ignoring_case(name, "https")) return false;
    const auto rest = target.substr(scheme + 3);
    const auto end = rest.find_first_of("/?");
    authority = rest.substr(0, end);
    path = end == std::string_view::npos ? std::string_view("/") : rest.substr(end);
    return !authority.empty();
}

head_refusal parse_request_line(std::string_view line, request_head& out, std::string_view& absolute) noexcept {
    if (line.size() > head_limits::line) return {414, "request line too long"};
    const auto first = line.find(' ');
    const auto last = line.rfind(' ');
    if (first == std::string_view::npos || first == last) return bad("bad request line");
    out.method = line.substr(0, first);
    if (out.method.empty() || out.method.size() > head_limits::method || !all(out.method, token_char))
        return bad("bad method");
    if (auto refused = parse_version(line.substr(last + 1), out.minor)) return refused;
    out.target = line.substr(first + 1, last - first - 1);
    if (out.target.empty() || !all(out.target, target_char)) return bad("bad character in the request target");
    if (out.method == "CONNECT") return {405, "CONNECT is not offered"};
    if (out.method == "TRACE") return {405, "TRACE is not offered"};
    if (out.target.front() == '/') return accepted;
    if (out.target == "*") return out.method == "OPTIONS" ? accepted : bad("bad request target");
    if (!split_absolute(out.target, absolute, out.target)) return bad("bad request target");
    // A path must begin with '/': "http://host?q" has none, and no view of the buffer can supply it.
    return out.target.front() == '/' ? accepted : bad("absolute request target without a path");
}

/// Everything but the field store, whose 4 KiB need no clearing.
void reset(message_head& head) noexcept {
    head.field_count = 0;
    head.body = body_kind::none;
    head.content_length = 0;
    head.has_content_length = false;
    head.connection_names_fields = false;
    head.upgrade = {};
}

head_refusal find_host(request_head& out, std::string_view absolute) noexcept {
    std::size_t hosts = 0;
    for (const auto& f : out.fields()) {
        if (f.id != field_id::host) continue;
        ++hosts;
        out.authority = f.value;
    }
    if (hosts == 0) return bad("no Host header");
    if (hosts > 1) return bad("more than one Host header");
    if (!absolute.empty() && !equal_ignoring_case(absolute, out.authority))
        return bad("Host differs from the request target");
    if (!split_authority(out.authority, out.host)) return bad("bad Host header");
    return accepted;
}

}  // namespace

std::string_view message_head::find(field_id id) const noexcept {
    for (const auto& f : fields())
        if (f.id == id) return f.value;
    return {};
}

bool message_head::has(field_id id) const noexcept {
    for (const auto& f : fields())
        if (f.id == id) return true;
    return false;
}

bool message_head::listed_in_connection(std::string_view name) const noexcept {
    for (const auto& f : fields())
        if (f.id == field_id::connection && list_contains(f.value, name)) return true;
    return false;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i)
        if (lower(a[i]) != lower(b[i])) return false;
    return true;
}

bool list_contains(std::string_view value, std::string_view token) noexcept {
    return any_member(value, [&](std::string_view member) { return equal_ignoring_case(member, token); });
}

head_end find_head_end(std::string_view data, std::size_t& scanned) noexcept {
    while (scanned < data.size()) {
        const auto* at = static_cast<const char*>(std::memchr(data.data() + scanned, '\n', data.size() - scanned));
        if (at == nullptr) {
            scanned = data.size();
            break;
        }
        const auto lf = static_cast<std::size_t>(at - data.data());
        if (lf == 0 || data[lf - 1] != '\r') return {head_end::state::bad, 0};
        scanned = lf + 1;
        if (lf == 1 || (lf >= 3 && data[lf - 2] == '\n')) return {head_end::state::complete, lf + 1};
    }
    return {};
}

head_refusal parse_request(std::string_view head, request_head& out) noexcept {
    reset(out);
    out.authority = out.host = {};
    auto rest = head;
    std::string_view absolute;
    if (head.size() <= 2) return bad("empty request");
    if (auto refused = parse_request_line(next_line(rest), out, absolute)) return refused;
    if (auto refused = parse_fields(rest, out)) return refused;
    if (auto refused = find_host(out, absolute)) return refused;
    out.expects_continue = out.minor == 1 && out.body != body_kind::none &&
                           equal_ignoring_case(out.find(field_id::expect), "100-continue");
    return accepted;
}

head_refusal parse_response(std::string_view head, bool answers_head, response_head& out) noexcept {
    constexpr auto bad_gateway = [](std::string_view reason) { return head_refusal{502, reason}; };
    reset(out);
    auto rest = head;
    if (head.size() <= 2) return bad_gateway("empty response");
    const auto line = next_line(rest);
    if (line.size() < 12 || parse_version(line.substr(0, 8), out.minor) || line[8] != ' ')
        return bad_gateway("bad status line");
    const auto digits = line.substr(9, 3);
    if (!all(digits, digit_char) || digits[0] < '1' || digits[0] > '5') return bad_gateway("bad status code");
    out.status = (digits[0] - '0') * 100 + (digits[1] - '0') * 10 + (digits[2] - '0');
    out.reason = line.substr(12);
    if (!out.reason.empty() && out.reason[0] != ' ') return bad_gateway("bad status line");
    if (!out.reason.empty()) out.reason.remove_prefix(1);
    if (!all(out.reason, value_char)) return bad_gateway("bad status line");
    if (auto refused = parse_fields(rest, out)) return bad_gateway(refused.reason);
    const bool bodyless = answers_head || out.status < 200 || out.status == 204 || out.status == 304;
    if (bodyless)
        out.body = body_kind::none;
    else if (out.body == body_kind::none && !out.has_content_length)
        out.body = body_kind::until_close;
    if (out.body == body_kind::until_close) out.keep_alive = false;
    return accepted;
}

}  // namespace gasper::router
