#include "core/logs/store.hpp"

#include <boost/asio/post.hpp>
#include <future>

#include "core/logs/mailbox.hpp"

namespace gasper {

namespace {

constexpr std::size_t longest_text = 16u << 10;

std::size_t weight(const log_entry& e) {
    return sizeof(log_entry) + e.text.size() + e.source.size() + e.origin.size();
}

log_entry say_dropped(std::uint64_t lines) {
    return {.at = log_now(),
            .source = "gasper",
            .text = std::to_string(lines) + " lines dropped (the disk is too slow or full)"};
}

}  // namespace

log_store::log_store(log_store_options options) : options_(std::move(options)) {
    (void)aging_.at(options_.clock());
}

log_store::~log_store() = default;  // the writing thread ends its queue first: it is declared last

void log_store::admit(const std::string& app) {
    std::lock_guard lock(mutex_);
    streams_.try_emplace(app);
}

bool log_store::knows(const std::string& app) const {
    std::lock_guard lock(mutex_);
    return streams_.contains(app);
}

void log_store::remove(const std::string& app) {
    std::lock_guard lock(mutex_);
    const auto at = streams_.find(app);
    if (at == streams_.end()) return;
    for (const auto& e : at->second.pending)
        pending_bytes_ -= weight(e);
    for (const auto& reader : at->second.followers)
        if (const auto box = reader.lock()) {
            std::lock_guard inner(box->mutex);
            box->ended = true;
            log_follower::mailbox::wake(box);
        }
    streams_.erase(at);
    dirty_.erase(app);
    removed_.insert(app);
    schedule();
}

void log_store::append(const std::string& app, log_entry line) {
    if (line.text.size() > longest_text) line.text.resize(longest_text);
    std::lock_guard lock(mutex_);
    const auto at = streams_.find(app);
    if (at == streams_.end()) return;
    if (pending_bytes_ + weight(line) > options_.pending) {
        ++at->second.dropped;
    } else {
        pending_bytes_ += weight(line);
        at->second.pending.push_back(std::move(line));
    }
    dirty_.insert(app);
    schedule();
}

void log_store::forget(const std::string& app, std::string origin) {
    std::lock_guard lock(mutex_);
    const auto at = streams_.find(app);
    if (at == streams_.end()) return;
    at->second.forgotten.push_back(std::move(origin));
    dirty_.insert(app);
    schedule();
}

// Under the mutex.
void log_store::schedule() {
    if (std::exchange(scheduled_, true)) return;
    asio::post(writing_.executor(), [this] { write_pending(); });
}

void log_store::write_pending() {
    std::map<std::string, stream> todo;
    std::set<std::string> gone;
    {
        std::lock_guard lock(mutex_);
        scheduled_ = false;
        gone.swap(removed_);
        for (const auto& app : dirty_) {
            auto& from = streams_.at(app);
            auto& to = todo[app];
            std::swap(to.pending, from.pending);
            std::swap(to.forgotten, from.forgotten);
            to.dropped = std::exchange(from.dropped, 0);
        }
        dirty_.clear();
        pending_bytes_ = 0;
    }
    for (const auto& app : gone) {
        writers_.erase(app);
        std::error_code ignored;
        std::filesystem::remove_all(options_.directory / app, ignored);
    }
    for (auto& [app, what] : todo)
        write(app, what);
}

void log_store::write(const std::string& app, stream& todo) {
    auto& to = writer_of(app);
    if (todo.dropped > 0) todo.pending.push_back(say_dropped(todo.dropped));
    const auto count = todo.pending.size();
    if (!to.append(todo.pending)) {
        // Live readers see them; said in the log once it takes lines again.
        std::lock_guard lock(mutex_);
        if (const auto at = streams_.find(app); at != streams_.end()) at->second.dropped += count;
    }
    for (const auto& origin : todo.forgotten)
        to.forget(origin);
    publish(app, std::move(todo.pending));
}

void log_store::publish(const std::string& app, std::vector<log_entry> lines) {
    std::vector<std::shared_ptr<log_follower::mailbox>> readers;
    {
        std::lock_guard lock(mutex_);
        const auto at = streams_.find(app);
        if (at == streams_.end()) return;
        std::erase_if(at->second.followers, [](const auto& r) { return r.expired(); });
        for (const auto& reader : at->second.followers)
            if (auto box = reader.lock()) readers.push_back(std::move(box));
    }
    if (readers.empty()) return;
    std::vector<std::shared_ptr<const log_entry>> shared;
    shared.reserve(lines.size());
    for (auto& line : lines)
        shared.push_back(std::make_shared<const log_entry>(std::move(line)));
    for (const auto& box : readers) {
        std::lock_guard lock(box->mutex);
        for (const auto& line : shared)
            box->offer(line);
        log_follower::mailbox::wake(box);
    }
}

segment_writer& log_store::writer_of(const std::string& app) {
    auto& writer = writers_[app];
    if (!writer) writer = std::make_unique<segment_writer>(options_.directory / app, options_.limits);
    return *writer;
}

task<log_marks> log_store::marks(std::string app) {
    const auto look = [this, &app] {
        write_pending();
        return knows(app) ? writer_of(app).marks() : log_marks{};
    };
    co_return co_await writing_.run(look);
}

log_marks log_store::wait_for_marks(const std::string& app) {
    std::promise<log_marks> found;
    asio::post(writing_.executor(), [&] {
        write_pending();
        found.set_value(knows(app) ? writer_of(app).marks() : log_marks{});
    });
    return found.get_future().get();
}

bool log_store::busy() const {
    std::lock_guard lock(mutex_);
    return pending_bytes_ > options_.pending / 2;
}

task<std::unique_ptr<log_follower>> log_store::follow(std::string app, asio::any_io_executor executor) {
    auto box = std::make_shared<log_follower::mailbox>(executor, options_.follower_lines, options_.follower_bytes);
    const auto enter = [this, &app, &box]() -> std::uint64_t {
        write_pending();
        const auto newest = writer_of(app).last_sequence();
        std::lock_guard lock(mutex_);
        const auto at = streams_.find(app);
        box->ended = at == streams_.end();
        if (!box->ended) at->second.followers.push_back(box);
        return newest;
    };
    const auto after = co_await writing_.run(enter);
    co_return std::unique_ptr<log_follower>(new log_follower(std::move(box), after));
}

task<std::vector<log_entry>> log_store::read(std::string app, log_range range) {
    const auto work = [directory = options_.directory / app, &range] { return read_segments(directory, range); };
    co_return co_await reading_.run(work);
}

task<> log_store::flushed() {
    const auto work = [this] { write_pending(); };
    co_await writing_.run(work);
}

task<> log_store::keep_house() {
    const auto work = [this] {
        write_pending();
        const auto now = aging_.at(options_.clock());
        std::error_code ignored;
        for (const auto& entry : std::filesystem::directory_iterator(options_.directory, ignored)) {
            const auto app = entry.path().filename().string();
            if (knows(app))
                writer_of(app).expire(now);
            else
                std::filesystem::remove_all(entry.path(), ignored);
        }
    };
    co_await writing_.run(work);
}

}  // namespace gasper
