#include "core/tables/follower.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <cstring>
#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

#include "core/base/deadline.hpp"
#include "core/base/files.hpp"
#include "core/base/handle.hpp"

namespace gasper {

namespace {

using namespace std::chrono_literals;

constexpr auto io_timeout = 30s;  // one table over a local socket, or one answer
constexpr std::size_t frame_head_size = 12;

// 100 ms … 2 s, from the start again after success.
class backoff {
 public:
    task<> wait() {
        const auto now = next_;
        next_ = std::min<std::chrono::milliseconds>(next_ * 2, 2s);
        co_await sleep_until(deadline::after(now));
    }
    void reset() { next_ = 100ms; }

 private:
    std::chrono::milliseconds next_{100};
};

std::filesystem::path directory_of(const std::filesystem::path& file) {
    return file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
}

bool is_cancellation(const boost::system::system_error& e) {
    return e.code() == asio::error::operation_aborted;
}

std::string answer_line(const std::string& subscriber, std::uint64_t version, const result<>& taken) {
    nlohmann::json line{{"subscriber", subscriber}, {"pid", ::getpid()}};
    line[taken ? "applied" : "refused"] = version;
    if (!taken) line["reason"] = taken.error().message.substr(0, 500);
    return line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

struct file_change {
    bool file{false};
    bool directory_gone{false};
};

file_change scan(std::string_view events, std::string_view name) {
    file_change out;
    while (events.size() >= sizeof(inotify_event)) {
        inotify_event event;
        std::memcpy(&event, events.data(), sizeof event);
        const char* which = events.data() + sizeof event;
        if ((event.mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED)) != 0) out.directory_gone = true;
        if ((event.mask & IN_Q_OVERFLOW) != 0 || (event.len != 0 && name == which)) out.file = true;
        events.remove_prefix(sizeof event + event.len);
    }
    return out;
}

template <class T>
T in_time(result<T> got) {
    if (!got) throw boost::system::system_error(asio::error::timed_out);
    return std::move(*got);
}

}  // namespace

table_follower::table_follower(asio::any_io_executor executor, follower_options options, logger& log,
                               apply_function apply)
    : executor_(std::move(executor)), options_(std::move(options)), log_(log), apply_(std::move(apply)) {}

result<> table_follower::load() {
    if (options_.file.empty()) return {};
    auto json = read_file(options_.file, table_limits::bytes);
    if (!json) return json.error().kind == errc::not_found ? result<>() : json.error();
    (void)seen(*json);
    return apply(parse_table(*json));
}

task<> table_follower::run() {
    return options_.feed.empty() ? watch_file() : follow_feed();
}

bool table_follower::seen(const std::string& json) {
    const auto hash = std::hash<std::string>{}(json);
    return std::exchange(seen_, hash) == hash;
}

result<> table_follower::apply(result<table> parsed) {
    if (parsed) {
        auto next = std::make_shared<const table>(std::move(*parsed));
        const auto version = next->version;
        auto done = apply_(std::move(next));
        if (done) {
            applied_ = version;
            log_.info("table applied", {{"version", version}});
            return {};
        }
        parsed = done.error();
    }
    log_.error("table refused", {{"reason", parsed.error().message}, {"still", applied_}});
    return parsed.error();
}

task<result<>> table_follower::take(const std::string& json) {
    auto parsed = co_await disk_.run([&json] { return parse_table(json); });
    co_return apply(std::move(parsed));
}

task<> table_follower::watch_file() {
    backoff pause;
    for (;;) {
        unique_fd inotify(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
        constexpr auto events = IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_DELETE_SELF | IN_MOVE_SELF;
        // The directory is watched, not the file: a file that is replaced by a rename is another file.
        const bool watched =
            inotify && ::inotify_add_watch(inotify.get(), directory_of(options_.file).c_str(), events) >= 0;
        if (!watched) log_.debug("table file cannot be watched", {{"reason", std::strerror(errno)}});
        co_await reread();  // it may have been replaced before the watch stood
        if (watched) {
            pause.reset();
            co_await follow_changes(inotify.release());
        }
        co_await pause.wait();
    }
}

task<> table_follower::follow_changes(int inotify) {
    asio::posix::stream_descriptor changes(executor_, inotify);
    const auto name = options_.file.filename().string();
    std::vector<char> buffer(16384);
    for (;;) {
        const auto n = co_await changes.async_read_some(asio::buffer(buffer), asio::use_awaitable);
        const auto change = scan({buffer.data(), n}, name);
        if (change.file) co_await reread();
        if (change.directory_gone) co_return;
    }
}

task<> table_follower::reread() {
    auto json = co_await disk_.run([this] { return read_file(options_.file, table_limits::bytes); });
    if (json) {
        if (!seen(*json)) (void)co_await take(*json);
    } else if (json.error().kind != errc::not_found) {
        log_.warn("table file", {{"reason", json.error().message}});
    }
}

task<> table_follower::follow_feed() {
    backoff pause;
    for (;;) {
        try {
            if (co_await follow_connection()) pause.reset();
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
    bool any = false;
    try {
        co_await say(feed, answer_line(options_.subscriber, 0, {}));
        for (;;) {
            const auto next = co_await read_frame(feed);
            const auto taken = co_await take(next.json);
            any = true;
            co_await say(feed, answer_line(options_.subscriber, next.version, taken));
            if (taken) co_await keep(next.json);
        }
    } catch (const boost::system::system_error& e) {
        if (is_cancellation(e)) throw;
        log_.info("table feed ended", {{"reason", e.what()}});
    }
    co_return any;
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

task<> table_follower::say(socket& to, std::string line) {
    auto sent = asio::async_write(to, asio::buffer(line), asio::use_awaitable);
    (void)in_time(co_await with_deadline(std::move(sent), deadline::after(io_timeout), "the feed"));
}

task<> table_follower::keep(const std::string& json) {
    if (options_.file.empty()) co_return;
    const auto done = co_await disk_.run([this, &json] { return replace_file(options_.file, json); });
    if (!done) log_.warn("table file", {{"reason", done.error().message}});
}

}  // namespace gasper
