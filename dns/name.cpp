#include "dns/name.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace gasper::dns {

namespace {

// One character of presentation form; none at a broken escape.
std::optional<char> take_char(std::string_view& text) {
    char c = text.front();
    text.remove_prefix(1);
    if (c != '\\') return to_lower(c);
    if (text.empty()) return std::nullopt;
    if (text.front() < '0' || text.front() > '9') {
        c = text.front();
        text.remove_prefix(1);
        return to_lower(c);
    }
    int value = 0;
    for (int i = 0; i < 3; ++i) {
        if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
        value = value * 10 + (text.front() - '0');
        text.remove_prefix(1);
    }
    if (value > 255) return std::nullopt;
    return to_lower(static_cast<char>(value));
}

}  // namespace

char to_lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

std::optional<std::string> name_from_text(std::string_view text, std::string_view origin) {
    if (text == "@") return std::string(origin);
    if (text == ".") return std::string(1, '\0');
    std::string out, label;
    bool absolute = false;
    while (!text.empty()) {
        absolute = text.front() == '.';
        if (absolute) {
            text.remove_prefix(1);
            if (label.empty()) return std::nullopt;
            out += static_cast<char>(label.size());
            out += label;
            label.clear();
            continue;
        }
        const auto c = take_char(text);
        if (!c) return std::nullopt;
        label += *c;
        if (label.size() > 63) return std::nullopt;
    }
    if (!label.empty()) {
        out += static_cast<char>(label.size());
        out += label;
    }
    if (out.empty()) return std::nullopt;
    if (absolute)
        out += '\0';
    else
        out += origin;
    if (out.size() > max_name) return std::nullopt;
    return out;
}

std::string name_to_text(std::string_view wire) {
    if (wire.size() <= 1) return ".";
    std::string out;
    while (wire.size() > 1) {
        const auto n = static_cast<unsigned char>(wire.front());
        if (!out.empty()) out += '.';
        for (unsigned char c : wire.substr(1, n)) {
            if (c <= ' ' || c >= 0x7f || c == '.' || c == '\\')
                out += fmt::format("\\{:03}", c);
            else
                out += static_cast<char>(c);
        }
        wire.remove_prefix(n + 1u);
    }
    return out;
}

bool equal_names(std::string_view a, std::string_view b) noexcept {
    return std::ranges::equal(a, b, {}, to_lower, to_lower);
}

lower_name::lower_name(std::string_view wire) noexcept : size_(std::min(wire.size(), max_name)) {
    std::transform(wire.begin(), wire.begin() + static_cast<std::ptrdiff_t>(size_), bytes_, to_lower);
}

}  // namespace gasper::dns
