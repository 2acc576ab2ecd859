#include "receiver/git/pkt_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <stdexcept>

namespace gasper::receiver {

namespace {

int hex_digit(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

int length_of(std::string_view four) noexcept {
    int length = 0;
    for (char c : four) {
        const int digit = hex_digit(c);
        if (digit < 0) return -1;
        length = length * 16 + digit;
    }
    return length;
}

}  // namespace

void pkt_reader::feed(std::string_view bytes) {
    if (at_ > 0) {
        buffer_.erase(0, at_);
        at_ = 0;
    }
    buffer_ += bytes;
}

result<std::optional<pkt>> pkt_reader::next() {
    if (broken_) return fail(errc::invalid, "pkt_line", "the packet stream is broken");
    const auto rest = std::string_view(buffer_).substr(at_);
    if (rest.size() < 4) return std::nullopt;
    const int length = length_of(rest.substr(0, 4));
    if (length < 0 || length == 3 || length > static_cast<int>(pkt_max_payload) + 4) {
        broken_ = true;
        return fail(errc::invalid, "pkt_line", "a packet begins with something that is no length");
    }
    if (length < 3) {
        at_ += 4;
        return pkt{length == 0 ? pkt::kind::flush : length == 1 ? pkt::kind::delimiter : pkt::kind::response_end, {}};
    }
    if (rest.size() < static_cast<std::size_t>(length)) return std::nullopt;
    at_ += static_cast<std::size_t>(length);
    return pkt{pkt::kind::data, std::string(rest.substr(4, static_cast<std::size_t>(length) - 4))};
}

std::string pkt_reader::take_rest() {
    auto rest = buffer_.substr(at_);
    buffer_.clear();
    at_ = 0;
    return rest;
}

void append_pkt(std::string& out, std::string_view payload) {
    if (payload.size() > pkt_max_payload) throw std::length_error("a pkt-line payload is too long");
    fmt::format_to(std::back_inserter(out), "{:04x}", payload.size() + 4);
    out += payload;
}

void append_band(std::string& out, band to, std::string_view data) {
    do {
        const auto piece = data.substr(0, std::min(data.size(), pkt_max_payload - 1));
        fmt::format_to(std::back_inserter(out), "{:04x}", piece.size() + 5);
        out += static_cast<char>(to);
        out += piece;
        data.remove_prefix(piece.size());
    } while (!data.empty());
}

}  // namespace gasper::receiver
