#include "control/logs/log_view.hpp"

#include <algorithm>
#include <charconv>
#include <map>

#include "core/model/model.hpp"
#include "runtime/log_stream.hpp"

namespace gasper::control {

std::string to_line(const log_entry& e) {
    return to_rfc3339(std::chrono::floor<std::chrono::milliseconds>(e.at)) + " " + e.source + ": " + e.text;
}

result<log_time> parse_log_time(const std::string& text, log_time now) {
    if (auto at = runtime::parse_time(text)) return *at;
    std::int64_t count = 0;
    const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), count);
    const std::string_view unit(end, text.data() + text.size());
    constexpr std::string_view units = "smhd";
    constexpr std::int64_t seconds_of[] = {1, 60, 3600, 86400};
    const auto at = unit.size() == 1 ? units.find(unit[0]) : std::string_view::npos;
    if (wrong != std::errc() || count < 0 || count > 1'000'000 || at == std::string_view::npos)
        return fail(errc::invalid, "time_invalid",
                    "'" + text + "' is no time: say how long ago (45s, 10m, 2h, 3d) or when (2026-01-02T03:04:05Z)");
    return now - std::chrono::seconds(count * seconds_of[at]);
}

namespace {

constexpr auto clock_step = std::chrono::seconds(2);  // by which a source goes back only with the clock

// Each source is in order; between sources a line may be kept a moment after one that is newer. Where a source itself
// goes back in time the clock was put back: what was kept before that stays before.
void in_order_of_time(std::vector<log_entry>& lines) {
    const auto sort = [](auto from, auto to) {
        std::stable_sort(from, to, [](const auto& a, const auto& b) { return a.at < b.at; });
    };
    std::map<std::string_view, log_time> newest;  // of each origin
    auto begin = lines.begin();
    for (auto line = lines.begin(); line != lines.end(); ++line) {
        if (line->origin.empty()) continue;
        const auto known = newest.find(line->origin);
        if (known != newest.end() && line->at + clock_step < known->second) {
            newest.clear();  // its keys are in lines that move now
            sort(begin, line);
            begin = line;
        }
        auto& last = newest[line->origin];
        last = std::max(last, line->at);
    }
    sort(begin, lines.end());
}

task<> show_live(log_follower& live, const log_filter& filter, const log_sink& sink) {
    for (bool ended = false; !ended;) {
        const auto next = co_await live.next();
        if (next.dropped > 0)
            sink({.at = log_now(),
                  .source = "gasper",
                  .text = std::to_string(next.dropped) + " lines dropped (this reader is too slow)"});
        for (const auto& line : next.lines)
            if (filter.matches(*line)) sink(*line);
        ended = next.ended;
    }
}

}  // namespace

task<result<>> show_log(log_store& store, std::string app, log_query query, log_sink sink) {
    if (query.lines < 0 || query.lines > 10'000)
        co_return fail(errc::invalid, "lines_invalid", "between 0 and 10000 lines of the past");
    log_range range{.filter = query.filter, .after = query.after, .most = static_cast<std::size_t>(query.lines)};
    std::unique_ptr<log_follower> live;
    if (query.follow) {
        auto executor = co_await asio::this_coro::executor;
        live = co_await store.follow(app, executor);
        range.upto = live->after();
    } else {
        co_await store.flushed();
    }
    auto past = co_await store.read(app, range);
    in_order_of_time(past);
    for (const auto& line : past)
        sink(line);
    past = {};
    if (live) co_await show_live(*live, query.filter, sink);
    co_return result<>();
}

}  // namespace gasper::control
