#include "control/logs/collector.hpp"

#include <fmt/format.h>

namespace gasper::control {

using namespace std::chrono_literals;

namespace {

constexpr std::size_t overhead = 64;  // of a line, in the segment and on the wire
constexpr auto most_behind = 2s;
// The engine stamps the two streams of a container independently: a line may stand behind one that is a little newer.
constexpr auto stamping_skew = 1s;

std::string without_space(std::string name) {
    std::replace_if(
        name.begin(), name.end(), [](unsigned char c) { return c <= ' ' || c == 0x7f; }, '_');
    return name;
}

}  // namespace

log_collector::log_collector(wiring w, runtime::observed_instance instance, std::shared_ptr<log_flow> flow)
    : wire_(std::move(w)), instance_(std::move(instance)), flow_(std::move(flow)), pause_(wire_.executor) {}

std::string log_collector::origin(bool error) const {
    return instance_.container.substr(0, 12) + (error ? "/e" : "/o");
}

task<> log_collector::resume() {
    const auto marks = co_await wire_.store.marks(instance_.app);
    for (const bool error : {false, true})
        if (const auto at = marks.find(origin(error)); at != marks.end()) stream_[error].kept = at->second;
}

runtime::log_options log_collector::how_to_follow() {
    runtime::log_options how{.tail = skipping_ ? 0 : -1, .follow = true};
    for (auto& s : stream_) {
        if (s.passed && s.now != log_place{}) s.kept = s.now;
        s = {.kept = s.kept, .passed = skipping_ || s.kept == log_place{}, .now = skipping_ ? s.kept : log_place{}};
    }
    begun_ = log_now();
    begun_ticks_ = deadline::clock::now();
    if (!skipping_) how.since = since();
    skipping_ = live_ = false;
    first_ = last_ = {};
    read_ = 0;
    dropping_ = false;
    how.pause = [this] { return pace(); };
    return how;
}

// The engine's stamps go back with the clock, and would keep back what was said since: then all is read again.
log_time log_collector::since() const {
    const auto newest = log_time(std::chrono::nanoseconds(std::max(stream_[0].kept, stream_[1].kept).major));
    const bool went_back = newest > begun_ || stream_[0].kept.minor > 1 || stream_[1].kept.minor > 1;
    return newest == log_time{} || went_back ? log_time{} : newest - stamping_skew;
}

void log_collector::take(const runtime::log_line& line) {
    auto& s = stream_[line.error];
    const auto at = line.at.time_since_epoch().count();
    // What is stamped earlier than the line before it comes after it all the same.
    s.now = at > s.now.major ? log_place{at, 1} : log_place{s.now.major, s.now.minor + 1};
    unpaid_ += line.text.size() + overhead;
    if (!s.passed) {
        if (s.now <= s.kept) return;
        s.passed = true;
    }
    if (read_++ == 0) first_ = line.at;
    last_ = line.at;
    live_ = live_ || line.at >= begun_;
    dropping_ = live_ && !flow_->kept.take(line.text.size() + overhead, byte_budget::clock::now());
    if (dropping_) {
        ++flow_->dropped;
        wire_.on_drop(instance_.app);
        return;
    }
    wire_.store.append(instance_.app, {.at = line.at,
                                       .source = "app[" + without_space(instance_.name) + "]",
                                       .error = line.error,
                                       .text = line.text,
                                       .origin = origin(line.error),
                                       .place = s.now});
}

std::optional<std::chrono::milliseconds> log_collector::pace() {
    const auto behind = log_now() - last_;
    // Further than it has followed it cannot be: then the clock jumped.
    const bool possible = behind <= deadline::clock::now() - begun_ticks_ + most_behind;
    if (dropping_ && behind > most_behind && possible) {
        skip();
        return std::nullopt;
    }
    return flow_->read.spend(std::exchange(unpaid_, 0), byte_budget::clock::now());
}

// How many lines there were is not known without reading them: what was read of the flood tells how fast they came.
void log_collector::skip() {
    skipping_ = true;
    const auto missed = std::chrono::duration<double>(log_now() - last_).count();
    const auto seen = std::max(std::chrono::duration<double>(last_ - first_).count(), 0.001);
    wire_.store.append(instance_.app,
                       {.at = log_now(),
                        .source = "gasper",
                        .text = fmt::format("about {:.0f} lines dropped: {:.1f} s of {} were not read (too fast)",
                                            static_cast<double>(read_) / seen * missed, missed, instance_.name)});
}

task<> log_collector::run() {
    co_await resume();
    int failures = 0;
    for (std::chrono::milliseconds wait = 100ms;;) {
        const auto began = deadline::clock::now();
        auto how = how_to_follow();
        auto keep = [this](const runtime::log_line& l) { take(l); };
        auto ended = co_await wire_.cluster.logs(instance_.container, std::move(how), std::move(keep));
        if (ended && skipping_) continue;
        if (!ended && ended.error().kind == errc::not_found) break;
        failures = ended ? 0 : failures + 1;
        if (!wire_.lives(instance_.container) && (ended || failures > 5)) break;
        // A container that has ended and may be started again says nothing until then: whoever starts it hurries us.
        const std::chrono::milliseconds longest = ended ? 30s : 2s;
        wait = deadline::clock::now() - began > 10s ? 100ms : std::min(wait * 2, longest);
        boost::system::error_code hurried;
        pause_.expires_after(wait);
        co_await pause_.async_wait(asio::redirect_error(asio::use_awaitable, hurried));
        if ((co_await asio::this_coro::cancellation_state).cancelled() != asio::cancellation_type::none) co_return;
    }
    for (const bool error : {false, true})
        wire_.store.forget(instance_.app, origin(error));
}

}  // namespace gasper::control
