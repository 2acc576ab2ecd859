#include "router/chunked.hpp"

#include <algorithm>
#include <cstring>

namespace gasper::router {

namespace {

int hex_digit(unsigned char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool is_text(unsigned char c) noexcept {
    return c == '\t' || (c >= ' ' && c != 0x7f);
}

}  // namespace

chunked_scanner::place chunked_scanner::after_size_digit(unsigned char c) noexcept {
    counted_ = 0;
    if (c == '\r') return place::size_lf;
    return c == ';' ? place::extension : place::failed;
}

chunked_scanner::place chunked_scanner::in_trailer(unsigned char c) noexcept {
    if (++counted_ > max_trailer) return place::failed;
    switch (at_) {
        case place::trailer_start:
            if (c == '\r') return place::end_lf;
            return c > ' ' && c < 0x7f && c != ':' ? place::trailer_name : place::failed;
        case place::trailer_name:
            if (c == ':') return place::trailer_value;
            return c > ' ' && c < 0x7f ? place::trailer_name : place::failed;
        case place::trailer_value:
            if (c == '\r') return place::trailer_lf;
            return is_text(c) ? place::trailer_value : place::failed;
        default:
            return c == '\n' ? place::trailer_start : place::failed;
    }
}

chunked_scanner::place chunked_scanner::next(unsigned char c) noexcept {
    const int digit = hex_digit(c);
    switch (at_) {
        case place::size_first:
            left_ = static_cast<std::uint64_t>(digit);
            return digit < 0 ? place::failed : place::size;
        case place::size:
            if (digit < 0) return after_size_digit(c);
            if (left_ >> 55) return place::failed;  // no body is that long: an overflow in somebody's parser is meant
            left_ = left_ * 16 + static_cast<std::uint64_t>(digit);
            return ++counted_ > 15 ? place::failed : place::size;
        case place::extension:
            if (c == '\r') return place::size_lf;
            return is_text(c) && ++counted_ <= max_extension ? place::extension : place::failed;
        case place::size_lf:
            counted_ = 0;
            if (c != '\n') return place::failed;
            return left_ > 0 ? place::data : place::trailer_start;
        case place::data_cr:
            return c == '\r' ? place::data_lf : place::failed;
        case place::data_lf:
            counted_ = 0;
            return c == '\n' ? place::size_first : place::failed;
        case place::end_lf:
            return c == '\n' ? place::end : place::failed;
        case place::trailer_start:
        case place::trailer_name:
        case place::trailer_value:
        case place::trailer_lf:
            return in_trailer(c);
        case place::data:
        case place::end:
        case place::failed:
            break;
    }
    return place::failed;
}

template <class Content>
chunked_scanner::step chunked_scanner::walk(const char* data, std::size_t size, Content content) noexcept {
    std::size_t used = 0;
    std::size_t payload = 0;
    while (used < size && at_ != place::end && at_ != place::failed) {
        if (at_ != place::data) {
            at_ = next(static_cast<unsigned char>(data[used++]));
            continue;
        }
        const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(left_, size - used));
        content(payload, used, n);
        payload += n;
        used += n;
        left_ -= n;
        if (left_ == 0) at_ = place::data_cr;
    }
    const auto is = at_ == place::end ? status::done : at_ == place::failed ? status::bad : status::more;
    return {is, used, payload};
}

chunked_scanner::step chunked_scanner::scan(std::string_view data) noexcept {
    return walk(data.data(), data.size(), [](std::size_t, std::size_t, std::size_t) {});
}

chunked_scanner::step chunked_scanner::decode(char* data, std::size_t size) noexcept {
    return walk(data, size,
                [data](std::size_t to, std::size_t from, std::size_t n) { std::memmove(data + to, data + from, n); });
}

}  // namespace gasper::router
