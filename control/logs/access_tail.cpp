#include "control/logs/access_tail.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include <array>
#include <charconv>

#include "runtime/log_stream.hpp"

namespace gasper::control {

using namespace std::chrono_literals;

namespace {

constexpr std::size_t longest_line = 64u << 10;
constexpr auto patience = 60s;  // with a file that was replaced: an old router may still write to it

std::uint64_t inode_of(const std::filesystem::path& file) {
    struct stat s {};
    return ::stat(file.c_str(), &s) == 0 ? s.st_ino : 0;
}

}  // namespace

access_line parse_access_line(std::string_view line) {
    constexpr std::string_view key = " app=";
    const auto space = line.find(' ');
    const auto app = line.rfind(key);
    if (space == std::string_view::npos || app == std::string_view::npos || app < space) return {};
    const auto at = runtime::parse_time(line.substr(0, space));
    if (!at) return {};
    if (app == space) return {*at, line.substr(app + key.size()), {}};
    return {*at, line.substr(app + key.size()), line.substr(space + 1, app - space - 1)};
}

access_tail::access_tail(std::filesystem::path file, std::map<std::string, log_time> apps, log_store& store,
                         double per_second)
    : file_(std::move(file)),
      apps_(std::move(apps)),
      store_(store),
      rate_(per_second),
      changes_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      thread_([this] { run(); }) {}

access_tail::~access_tail() {
    stopping_ = true;
    ::eventfd_write(wake_.get(), 1);
    thread_.join();
}

void access_tail::forget(const std::string& app) {
    std::lock_guard lock(mutex_);
    forgotten_.push_back(app);
}

void access_tail::forget_apps() {
    std::lock_guard lock(mutex_);
    for (const auto& app : forgotten_)
        states_.erase(app);
    forgotten_.clear();
}

void access_tail::open_new(const std::filesystem::path& file) {
    const auto inode = inode_of(file);
    for (const auto& s : sources_)
        if (s.inode == inode) return;
    source s{.fd = unique_fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC)),
             .last_read = std::chrono::steady_clock::now()};
    struct stat mine {};
    if (!s.fd || ::fstat(s.fd.get(), &mine) != 0) return;
    s.inode = mine.st_ino;
    sources_.push_back(std::move(s));
}

void access_tail::close_old() {
    const auto newest = inode_of(file_);
    const auto late = std::chrono::steady_clock::now() - patience;
    std::erase_if(sources_, [&](const source& s) { return s.inode != newest && s.last_read < late; });
}

access_tail::app_state& access_tail::state_of(const std::string& app) {
    if (const auto known = states_.find(app); known != states_.end()) return known->second;
    auto& state = states_.emplace(app, app_state(rate_)).first->second;
    state.marks = store_.wait_for_marks(app);
    return state;
}

void access_tail::take(source& from, std::string_view line) {
    if (line.starts_with("# generation ")) {
        if (from.origin.empty()) from.origin = "router/" + std::string(line.substr(13, 20));
        return;
    }
    if (from.origin.empty()) from.origin = "router/i" + std::to_string(from.inode);
    const auto parsed = parse_access_line(line);
    const std::string app(parsed.app);
    if (app.empty() || !store_.knows(app)) return;
    // Unless the clock went back since.
    if (const auto created = apps_.find(app);
        created != apps_.end() && parsed.at < created->second && created->second <= log_now())
        return;
    auto& state = state_of(app);
    const log_place place{from.offset, 0};
    if (const auto mark = state.marks.find(from.origin); mark != state.marks.end() && place <= mark->second) return;
    if (!state.budget.take(line.size(), byte_budget::clock::now())) {
        ++state.dropped;
        return;
    }
    store_.append(
        app,
        {.at = parsed.at, .source = "router", .text = std::string(parsed.text), .origin = from.origin, .place = place});
}

// One piece; false: there was nothing new.
bool access_tail::read(source& from) {
    std::array<char, 64u << 10> piece;
    const auto n = ::read(from.fd.get(), piece.data(), piece.size());
    if (n <= 0) return false;
    from.last_read = std::chrono::steady_clock::now();
    std::string_view rest(piece.data(), static_cast<std::size_t>(n));
    while (!rest.empty()) {
        const auto end = rest.find('\n');
        if (from.torn.size() < longest_line) from.torn += rest.substr(0, end);
        const auto used = end == std::string_view::npos ? rest.size() : end + 1;
        from.offset += static_cast<std::int64_t>(used);
        rest.remove_prefix(used);
        if (end == std::string_view::npos) break;
        take(from, from.torn);
        from.torn.clear();
    }
    return true;
}

void access_tail::say_dropped() {
    const auto now = std::chrono::steady_clock::now();
    for (auto& [app, state] : states_) {
        if (state.dropped == 0 || now - state.said < 1s) continue;
        store_.append(
            app, {.at = log_now(),
                  .source = "gasper",
                  .text = std::to_string(std::exchange(state.dropped, 0)) + " lines of the router dropped (too fast)"});
        state.said = now;
    }
}

void access_tail::wait() {
    std::array<pollfd, 2> on{pollfd{changes_.get(), POLLIN, 0}, pollfd{wake_.get(), POLLIN, 0}};
    ::poll(on.data(), on.size(), 1000);
    std::array<char, 16u << 10> events;
    while (::read(changes_.get(), events.data(), events.size()) > 0) {
    }
}

void access_tail::run() {
    ::inotify_add_watch(changes_.get(), file_.parent_path().c_str(), IN_MODIFY | IN_CREATE | IN_MOVED_TO);
    auto older = file_;
    older += ".1";
    while (!stopping_) {
        forget_apps();
        open_new(older);
        open_new(file_);
        bool more = false;
        for (auto& s : sources_)
            more = read(s) || more;
        say_dropped();
        while (store_.busy() && !stopping_)
            std::this_thread::sleep_for(5ms);
        if (more) continue;
        close_old();
        wait();
    }
}

}  // namespace gasper::control
