#include "buildpacks/output.hpp"

#include <algorithm>
#include <array>

namespace gasper::buildpacks {
namespace {

constexpr std::size_t shortest_secret = 6;  // shorter ones would blank out words of the output

bool says_secret(std::string name) {
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::toupper(c); });
    constexpr std::array words{"KEY", "TOKEN", "SECRET", "PASSWORD", "PASSWD", "CREDENTIAL", "AUTH"};
    return std::any_of(words.begin(), words.end(), [&](const char* w) { return name.find(w) != std::string::npos; });
}

/// "pw" of "scheme://user:pw@host".
std::string password_in(const std::string& url) {
    const auto scheme = url.find("://");
    if (scheme == std::string::npos) return {};
    const auto at = url.find('@', scheme + 3);
    const auto slash = url.find('/', scheme + 3);
    if (at == std::string::npos || slash < at) return {};
    const auto colon = url.find(':', scheme + 3);
    return colon < at ? url.substr(colon + 1, at - colon - 1) : std::string();
}

/// Bytes of the UTF-8 sequence at the front; 0: none is there.
std::size_t sequence_length(std::string_view text) {
    const auto first = static_cast<unsigned char>(text.front());
    const std::size_t length = first < 0x80                    ? 1
                               : first >= 0xc2 && first < 0xe0 ? 2
                               : first >= 0xe0 && first < 0xf0 ? 3
                               : first >= 0xf0 && first < 0xf5 ? 4
                                                               : 0;
    if (length == 0 || length > text.size()) return 0;
    for (std::size_t i = 1; i < length; ++i) {
        if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) return 0;
    }
    const auto second = length > 1 ? static_cast<unsigned char>(text[1]) : 0;
    // Overlong forms, surrogates and what lies above U+10FFFF.
    if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) || (first == 0xf0 && second < 0x90) ||
        (first == 0xf4 && second > 0x8f)) {
        return 0;
    }
    return length;
}

/// Length of the terminal's escape sequence at the front.
std::size_t escape_length(std::string_view text) {
    if (text.size() < 2 || text[1] != '[') return std::min<std::size_t>(text.size(), 2);
    std::size_t n = 2;
    while (n < text.size() && (text[n] < 0x40 || text[n] > 0x7e))
        ++n;
    return std::min(n + 1, text.size());
}

}  // namespace

std::string printable(std::string_view text, std::size_t limit) {
    std::string out;
    while (!text.empty() && out.size() < limit) {
        const auto c = static_cast<unsigned char>(text.front());
        std::size_t taken = 1;
        if (c == 0x1b) {
            taken = escape_length(text);
        } else if (c == '\t') {
            out += "    ";
        } else if (c >= 0x20 && c != 0x7f) {
            const auto length = sequence_length(text);
            if (length == 0) {
                out += "\xef\xbf\xbd";
            } else {
                out += text.substr(0, length);
                taken = length;
            }
        }
        text.remove_prefix(taken);
    }
    return out;
}

build_output::build_output(line_sink sink, const config_vars& config) : sink_(std::move(sink)) {
    for (const auto& [name, value] : config) {
        if (says_secret(name) && value.size() >= shortest_secret) secrets_.push_back({value, name});
        if (auto password = password_in(value); password.size() >= shortest_secret)
            secrets_.push_back({password, name});
    }
    // A secret may contain another one.
    std::sort(secrets_.begin(), secrets_.end(),
              [](const secret& a, const secret& b) { return a.value.size() > b.value.size(); });
}

std::string build_output::masked(std::string text) const {
    for (const auto& s : secrets_) {
        for (auto at = text.find(s.value); at != std::string::npos; at = text.find(s.value, at)) {
            text.replace(at, s.value.size(), "[" + s.name + "]");
            at += s.name.size() + 2;
        }
    }
    return text;
}

void build_output::step(std::string_view text) const {
    sink_(masked("-----> " + printable(text)));
}
void build_output::detail(std::string_view text) const {
    sink_(masked("       " + printable(text)));
}
void build_output::failed(std::string_view text) const {
    sink_(masked(" !     " + printable(text)));
}

void build_output::container_line(std::string_view line) const {
    auto text = masked(printable(line));
    while (!text.empty() && text.back() == ' ')
        text.pop_back();
    if (text.empty()) return;
    const bool own = text.starts_with("-----> ") || text.starts_with(" !     ");
    sink_(own ? text : "       " + text);
}

}  // namespace gasper::buildpacks
