#include "web/uri.hpp"

#include <algorithm>

namespace gasper::web {

namespace {

constexpr std::size_t max_parameters = 32;

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

error bad_target(std::string why) {
    return fail(errc::invalid, "bad_target", "the request target " + std::move(why));
}

// Calls take(part) for each part between separators, until it refuses.
template <class F>
result<> each_part(std::string_view text, char separator, F take) {
    for (;;) {
        const auto end = text.find(separator);
        if (auto taken = take(text.substr(0, end)); !taken) return taken;
        if (end == std::string_view::npos) return {};
        text.remove_prefix(end + 1);
    }
}

result<> take_parameter(target& into, std::string_view part) {
    if (part.empty()) return {};
    const auto equals = part.find('=');
    std::string spaced(equals == std::string_view::npos ? std::string_view{} : part.substr(equals + 1));
    std::replace(spaced.begin(), spaced.end(), '+', ' ');
    auto name = unescape(part.substr(0, equals));
    auto value = unescape(spaced);
    if (!name || !value) return bad_target("has a broken escape in its query");
    if (into.query.size() == max_parameters) return bad_target("has too many query parameters");
    if (!into.query.emplace(*name, *value).second) return bad_target("names a query parameter twice");
    return {};
}

}  // namespace

result<std::string> unescape(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out += text[i];
            continue;
        }
        const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
        const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
        if (low < 0 || high * 16 + low == 0) return bad_target("has a broken escape");
        out += static_cast<char>(high * 16 + low);
        i += 2;
    }
    return out;
}

std::string escape(std::string_view segment) {
    constexpr char digits[] = "0123456789ABCDEF";
    std::string out;
    for (const unsigned char c : segment) {
        const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           std::string_view("-._~").find(static_cast<char>(c)) != std::string_view::npos;
        if (plain) {
            out += static_cast<char>(c);
        } else {
            out += {'%', digits[c >> 4], digits[c & 15]};
        }
    }
    return out;
}

result<target> parse_target(std::string_view text) {
    if (text.empty() || text.front() != '/') return bad_target("does not begin with a slash");
    if (text.find('\0') != std::string_view::npos) return bad_target("has a NUL byte");
    target out;
    const auto mark = text.find('?');
    out.path = std::string(text.substr(0, mark));
    auto walked = each_part(std::string_view(out.path).substr(1), '/', [&](std::string_view part) -> result<> {
        auto segment = unescape(part);
        if (!segment) return segment.error();
        out.segments.push_back(std::move(*segment));
        return {};
    });
    if (!walked) return walked.error();
    if (mark == std::string_view::npos) return out;
    auto read = each_part(text.substr(mark + 1), '&', [&](std::string_view part) { return take_parameter(out, part); });
    if (!read) return read.error();
    return out;
}

}  // namespace gasper::web
