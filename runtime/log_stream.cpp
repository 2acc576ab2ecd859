#include "runtime/log_stream.hpp"

#include <charconv>

namespace gasper::runtime {

std::optional<log_time> parse_time(std::string_view t) {
    constexpr std::string_view shape = "0000-00-00T00:00:00";
    if (t.size() < shape.size() + 1 || t.back() != 'Z') return std::nullopt;
    for (std::size_t i = 0; i < shape.size(); ++i)
        if (shape[i] == '0' ? t[i] < '0' || t[i] > '9' : t[i] != shape[i]) return std::nullopt;
    const auto number = [&](std::size_t at, std::size_t n) {
        int value = 0;
        std::from_chars(t.data() + at, t.data() + at + n, value);
        return value;
    };
    using namespace std::chrono;
    const year_month_day day{year(number(0, 4)), month(static_cast<unsigned>(number(5, 2))),
                             std::chrono::day(static_cast<unsigned>(number(8, 2)))};
    if (!day.ok()) return std::nullopt;
    int fraction = 0;
    auto rest = t.substr(shape.size(), t.size() - shape.size() - 1);
    if (!rest.empty()) {
        if (rest.front() != '.' || rest.size() > 10) return std::nullopt;
        rest.remove_prefix(1);
        for (std::size_t i = 0; i < 9; ++i) {
            if (i < rest.size() && (rest[i] < '0' || rest[i] > '9')) return std::nullopt;
            fraction = fraction * 10 + (i < rest.size() ? rest[i] - '0' : 0);
        }
    }
    return log_time(sys_days(day) + hours(number(11, 2)) + minutes(number(14, 2)) + seconds(number(17, 2)) +
                    nanoseconds(fraction));
}

result<> log_stream::feed(std::string_view data, const std::function<void(log_line)>& out) {
    return parser_.feed(data, [&](bool error, std::string_view piece) {
        lines_[error].feed(piece, [&](std::string_view text) { line(error, text, out); });
    });
}

void log_stream::finish(const std::function<void(log_line)>& out) {
    for (const bool error : {false, true})
        lines_[error].finish([&](std::string_view text) { line(error, text, out); });
}

void log_stream::line(bool error, std::string_view text, const std::function<void(log_line)>& out) {
    // A line that was cut for its length goes on without a time of its own.
    if (const auto space = text.find(' '); space != std::string_view::npos && space <= 35) {
        if (const auto at = parse_time(text.substr(0, space))) {
            last_[error] = *at;
            text.remove_prefix(space + 1);
        }
    }
    if (last_[error] >= since_) out({last_[error], error, std::string(text)});
}

}  // namespace gasper::runtime
