#include "web/events.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/system/system_error.hpp>

namespace gasper::web {

namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";

bool continues(unsigned char c) {
    return (c & 0xC0) == 0x80;
}

// Length of the well-formed sequence at the front (Unicode 15, table 3-7), 0 when there is none.
std::size_t sequence_length(std::string_view s) {
    const auto at = [&](std::size_t i) { return i < s.size() ? static_cast<unsigned char>(s[i]) : 0; };
    const unsigned char first = at(0);
    if (first < 0x80) return 1;
    if (first >= 0xC2 && first <= 0xDF) return continues(at(1)) ? 2 : 0;
    if (first >= 0xE0 && first <= 0xEF) {
        const unsigned char low = first == 0xE0 ? 0xA0 : 0x80;
        const unsigned char high = first == 0xED ? 0x9F : 0xBF;
        return at(1) >= low && at(1) <= high && continues(at(2)) ? 3 : 0;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        const unsigned char low = first == 0xF0 ? 0x90 : 0x80;
        const unsigned char high = first == 0xF4 ? 0x8F : 0xBF;
        return at(1) >= low && at(1) <= high && continues(at(2)) && continues(at(3)) ? 4 : 0;
    }
    return 0;
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
    out += name;
    out += ": ";
    for (const char c : value)
        if (c != '\r' && c != '\n' && c != '\0') out += c;
    out += '\n';
}

}  // namespace

std::string to_utf8(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const auto n = sequence_length(text);
        out += n > 0 ? text.substr(0, n) : replacement;
        text.remove_prefix(n > 0 ? n : 1);
    }
    return out;
}

std::string format_event(const event& e) {
    std::string out;
    if (!e.name.empty()) append_field(out, "event", e.name);
    if (!e.id.empty()) append_field(out, "id", e.id);
    std::string data = to_utf8(e.data);
    std::string_view rest = data;
    for (;;) {
        const auto end = rest.find_first_of("\r\n");
        append_field(out, "data", rest.substr(0, end));
        if (end == std::string_view::npos) break;
        rest.remove_prefix(end + (rest.substr(end, 2) == "\r\n" ? 2 : 1));
    }
    out += '\n';
    return out;
}

event_queue::event_queue(asio::any_io_executor executor, std::size_t limit)
    : limit_(limit), changed_(std::move(executor)) {
    changed_.expires_at(asio::steady_timer::time_point::max());
}

bool event_queue::push(const event& e) {
    if (closed_ || overflowed_) return false;
    auto bytes = format_event(e);
    if (pending_.size() + bytes.size() > limit_) {
        overflowed_ = true;
    } else {
        pending_ += bytes;
    }
    changed_.cancel();
    return !overflowed_;
}

void event_queue::close() {
    closed_ = true;
    changed_.cancel();
}

task<std::string> event_queue::take(deadline until) {
    while (pending_.empty() && !closed_ && !overflowed_) {
        if (until.expired()) co_return ": heartbeat\n\n";
        changed_.expires_at(until.at());
        boost::system::error_code ec;
        co_await changed_.async_wait(asio::redirect_error(asio::use_awaitable, ec));
        if ((co_await asio::this_coro::cancellation_state).cancelled() != asio::cancellation_type::none)
            throw boost::system::system_error(asio::error::operation_aborted);
    }
    co_return std::exchange(pending_, {});
}

}  // namespace gasper::web
