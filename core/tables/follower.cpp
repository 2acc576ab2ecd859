#include "core/tables/follower.hpp"

#include <sys/inotify.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstring>
#include <string_view>
#include <vector>

#include "core/base/files.hpp"
#include "core/base/handle.hpp"
#include "core/tables/backoff.hpp"

namespace gasper {

namespace {

std::filesystem::path directory_of(const std::filesystem::path& file) {
    return file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
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

}  // namespace gasper
