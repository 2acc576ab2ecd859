// The follower's side of the feed: tables come one way, lines go the other.
#include <unistd.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <nlohmann/json.hpp>

#include "core/base/files.hpp"
#include "core/tables/backoff.hpp"
#include "core/tables/follower.hpp"

namespace gasper {

namespace {

using namespace std::chrono_literals;
using time_point = deadline::clock::time_point;

constexpr auto io_timeout = 30s;  // one table over a local socket, or what is to be said
constexpr std::size_t frame_head_size = 12;

bool is_cancellation(const boost::system::system_error& e) {
    return e.code() == asio::error::operation_aborted;
}

nlohmann::json speaker(const std::string& subscriber) {
    return {{"subscriber", subscriber}, {"pid", ::getpid()}};
}

std::string answer_line(const std::string& subscriber, std::uint64_t version, const result<>& taken) {
    auto line = speaker(subscriber);
    line[taken ? "applied" : "refused"] = version;
    if (!taken) line["reason"] = taken.error().message.substr(0, 500);
    return line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

template <class T>
T in_time(result<T> got) {
    if (!got) throw boost::system::system_error(asio::error::timed_out);
    return std::move(*got);
}

}  // namespace

task<> table_follower::follow_feed() {
    backoff pause;
    for (;;) {
        try {
            const bool any = co_await follow_connection();
            if (any) pause.reset();
        } catch (const boost::system::system_error& e) {
            if (is_cancellation(e)) throw;
            log_.debug("table feed", {{"reason", e.what()}});
        }
        co_await pause.wait();
    }
}

// True when at least one table came.
task<bool> table_follower::follow_connection() {
    socket feed(executor_);
    const asio::local::stream_protocol::endpoint at(options_.feed.string());
    auto connect = feed.async_connect(at, asio::use_awaitable);
    const bool connected = co_await finishes_before(std::move(connect), deadline::after(5s));
    if (!connected) co_return false;
    lines_.clear();
    prepared_ = false;
    anew_ = true;
    report_due_ = time_point();
    say(answer_line(options_.subscriber, 0, {}));
    bool any = false;
    // Whichever ends first ends the other: the connection is of no use with one direction.
    const auto [order, reading, writing] = co_await asio::experimental::make_parallel_group(
                                               asio::co_spawn(executor_, read_tables(feed, any), asio::deferred),
                                               asio::co_spawn(executor_, write_lines(feed), asio::deferred))
                                               .async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
    if (const auto& fault = order[0] == 0 ? reading : writing) std::rethrow_exception(fault);
    co_return any;
}

task<> table_follower::read_tables(socket& feed, bool& any) {
    try {
        for (;;) {
            const auto next = co_await read_frame(feed);
            const auto taken = co_await take(next.json);
            any = true;
            // First what the table left behind, then that it is applied: nobody takes silence for "nothing in flight".
            prepare_report();
            say(answer_line(options_.subscriber, next.version, taken));
            if (taken) co_await keep(next.json);
        }
    } catch (const boost::system::system_error& e) {
        if (is_cancellation(e)) throw;
        log_.info("table feed ended", {{"reason", e.what()}});
    }
}

task<table_follower::frame> table_follower::read_frame(socket& from) {
    std::array<unsigned char, frame_head_size> head;
    // No deadline here: the control plane may have nothing to publish for weeks. Its end is an end of file.
    co_await asio::async_read(from, asio::buffer(head, 1), asio::use_awaitable);
    const auto until = deadline::after(io_timeout);
    auto rest = asio::async_read(from, asio::buffer(head) + 1, asio::use_awaitable);
    (void)in_time(co_await with_deadline(std::move(rest), until, "the feed"));
    std::uint64_t size = 0, version = 0;
    for (std::size_t i = 0; i < 4; ++i)
        size = size << 8 | head[i];
    for (std::size_t i = 4; i < head.size(); ++i)
        version = version << 8 | head[i];
    if (size > table_limits::bytes) throw boost::system::system_error(asio::error::message_size);
    frame next{version, std::string(size, '\0')};
    auto body = asio::async_read(from, asio::buffer(next.json), asio::use_awaitable);
    (void)in_time(co_await with_deadline(std::move(body), until, "the feed"));
    co_return next;
}

void table_follower::say(std::string line) {
    lines_.push_back(std::move(line));
    writing_.cancel();
}

void table_follower::report_soon() {
    const auto earliest = report_asked_ + report_interval;
    if (report_due_ <= earliest) return;
    report_due_ = earliest;
    writing_.cancel();
}

void table_follower::prepare_report() {
    if (!reports_) return;
    const auto report = reports_->next_report(std::exchange(anew_, false));
    for (auto& line : to_lines(report, speaker(options_.subscriber)))
        say(std::move(line));
    prepared_ = true;
    report_asked_ = deadline::clock::now();
    report_due_ = std::max(reports_->next_due(), report_asked_ + report_interval);
}

task<> table_follower::write_lines(socket& feed) {
    try {
        for (;;) {
            if (reports_ && report_due_ <= deadline::clock::now()) prepare_report();
            if (!lines_.empty()) {
                co_await write_waiting(feed);
                continue;
            }
            writing_.expires_at(reports_ ? report_due_ : time_point::max());
            boost::system::error_code woken;
            co_await writing_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
            if ((co_await asio::this_coro::cancellation_state).cancelled() != asio::cancellation_type::none)
                throw boost::system::system_error(asio::error::operation_aborted);
        }
    } catch (const boost::system::system_error& e) {
        if (is_cancellation(e)) throw;
        log_.info("table feed ended", {{"reason", e.what()}});
    }
}

task<> table_follower::write_waiting(socket& feed) {
    std::string batch;
    for (const auto& line : lines_)
        batch += line;
    lines_.clear();
    auto sent = asio::async_write(feed, asio::buffer(batch), asio::use_awaitable);
    (void)in_time(co_await with_deadline(std::move(sent), deadline::after(io_timeout), "the feed"));
    if (!prepared_ || !lines_.empty()) co_return;  // what was reported meanwhile is not written yet
    prepared_ = false;
    reports_->reported();
}

task<> table_follower::keep(const std::string& json) {
    if (options_.file.empty()) co_return;
    const auto done = co_await disk_.run([this, &json] { return replace_file(options_.file, json); });
    if (!done) log_.warn("table file", {{"reason", done.error().message}});
}

}  // namespace gasper
