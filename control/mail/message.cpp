#include "control/mail/message.hpp"

#include <algorithm>
#include <boost/beast/core/detail/base64.hpp>
#include <chrono>
#include <cstdio>
#include <ctime>

namespace gasper::control {

namespace {

constexpr std::size_t line_length = 76;
constexpr std::size_t most_in_word = 39;  // bytes of an encoded word: with what is around it fits a line

std::string base64(std::string_view text) {
    namespace b64 = boost::beast::detail::base64;
    std::string out(b64::encoded_size(text.size()), 0);
    out.resize(b64::encode(out.data(), text.data(), text.size()));
    return out;
}

bool is_plain(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < 0x7f; });
}

// Where a piece of at most `most` bytes may end without cutting a character.
std::size_t piece_of(std::string_view text, std::size_t most) {
    if (text.size() <= most) return text.size();
    auto end = most;
    while (end > most - 4 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80)
        --end;
    return end;
}

std::string header_text(std::string_view text) {
    if (is_plain(text) && text.size() <= line_length - 9 && text.find("=?") == text.npos) return std::string(text);
    std::string out;
    while (!text.empty()) {
        const auto size = piece_of(text, most_in_word);
        out += (out.empty() ? "=?utf-8?B?" : "\r\n =?utf-8?B?") + base64(text.substr(0, size)) + "?=";
        text.remove_prefix(size);
    }
    return out;
}

// In English whatever the locale (RFC 5322, 3.3).
std::string date_text(sys_time at) {
    constexpr const char* days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto seconds = std::chrono::system_clock::to_time_t(at);
    std::tm t{};
    ::gmtime_r(&seconds, &t);
    char text[64];
    std::snprintf(text, sizeof text, "%s, %02d %s %04d %02d:%02d:%02d +0000", days[t.tm_wday], t.tm_mday,
                  months[t.tm_mon], t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
    return text;
}

std::string body_of(const std::string& text) {
    const auto coded = base64(text);
    std::string out;
    for (std::size_t at = 0; at < coded.size(); at += line_length)
        out += coded.substr(at, line_length) + "\r\n";
    return out;
}

}  // namespace

std::string to_wire(const mail_message& m) {
    const auto domain = m.from.substr(m.from.find('@') + 1);
    return "From: Gasper <" + m.from + ">\r\nTo: <" + m.to + ">\r\nSubject: " + header_text(m.subject) +
           "\r\nDate: " + date_text(m.at) + "\r\nMessage-ID: <" + m.id + "@" + domain +
           ">\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
           "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
           body_of(m.text);
}

}  // namespace gasper::control
