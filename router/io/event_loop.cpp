#include "router/io/event_loop.hpp"

#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace gasper::router {

timer_wheel::timer_wheel() = default;

std::uint64_t timer_wheel::tick_of(clock::time_point at) const noexcept {
    return static_cast<std::uint64_t>(std::max<clock::rep>((at - begin_) / tick, 0));
}

void timer_wheel::link(timer& t, std::uint64_t at) noexcept {
    auto& head = heads_[at % slots];
    t.tick_ = at;
    t.linked_ = true;
    t.previous_ = nullptr;
    t.next_ = head;
    if (head) head->previous_ = &t;
    head = &t;
    ++linked_;
    next_ = std::min(next_, at);
}

void timer_wheel::unlink(timer& t) noexcept {
    if (t.previous_)
        t.previous_->next_ = t.next_;
    else
        heads_[t.tick_ % slots] = t.next_;
    if (t.next_) t.next_->previous_ = t.previous_;
    t.linked_ = false;
    --linked_;
}

void timer_wheel::set(timer& t, clock::time_point deadline, clock::time_point now) {
    t.deadline_ = deadline;
    // current_ may lag behind while the loop slept without timers; nothing is linked then.
    if (linked_ == 0) {
        current_ = tick_of(now);
        next_ = current_ + slots;
    }
    const auto due = std::clamp(tick_of(deadline) + 1, current_ + 1, current_ + slots - 1);
    if (t.linked_) {
        if (t.tick_ <= due) return;  // it fires early and moves on
        unlink(t);
    }
    link(t, due);
}

void timer_wheel::remove(timer& t) noexcept {
    t.deadline_ = clock::time_point::max();
    if (t.linked_) unlink(t);
}

void timer_wheel::advance(clock::time_point now) {
    const auto target = tick_of(now);
    while (current_ < target && linked_ > 0) {
        ++current_;
        // A handler may remove other timers of this slot: take the head anew each time. What is linked anew goes to
        // later slots, so this ends.
        while (timer* t = heads_[current_ % slots]) {
            unlink(*t);
            if (t->deadline_ == clock::time_point::max()) continue;
            if (t->deadline_ > now) {
                link(*t, std::clamp(tick_of(t->deadline_) + 1, current_ + 1, current_ + slots - 1));
                continue;
            }
            t->deadline_ = clock::time_point::max();
            t->on_deadline();
        }
    }
    current_ = std::max(current_, target);
    if (next_ > current_) return;
    next_ = current_ + 1;
    while (linked_ > 0 && heads_[next_ % slots] == nullptr)
        ++next_;
}

clock::time_point timer_wheel::next() const noexcept {
    return linked_ == 0 ? clock::time_point::max() : begin_ + static_cast<std::int64_t>(next_) * tick;
}

event_loop::event_loop() : epoll_(::epoll_create1(EPOLL_CLOEXEC)), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (!epoll_ || !wake_) throw std::system_error(errno, std::generic_category(), "event loop");
    epoll_event e{};
    e.events = EPOLLIN;
    e.data.ptr = nullptr;  // the wake-up
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &e) != 0)
        throw std::system_error(errno, std::generic_category(), "event loop");
}

event_loop::~event_loop() = default;

void event_loop::add(int fd, std::uint32_t events, event_sink& sink) {
    epoll_event e{};
    e.events = events;
    e.data.ptr = &sink;
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &e) != 0)
        throw std::system_error(errno, std::generic_category(), "epoll_ctl");
}

void event_loop::remove(int fd, event_sink& sink) noexcept {
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
    for (int i = turn_; i < pending_; ++i)
        if (auto& e = events_[static_cast<std::size_t>(i)]; e.data.ptr == &sink) e.events = 0;
    for (auto* list : {&deferred_, &deferred_now_})
        for (auto& t : *list)
            if (t.sink == &sink) t.sink = nullptr;
}

void event_loop::post(std::function<void()> handler) {
    {
        std::lock_guard lock(mutex_);
        posted_.push_back(std::move(handler));
    }
    const std::uint64_t one = 1;
    [[maybe_unused]] auto n = ::write(wake_.get(), &one, sizeof one);
}

void event_loop::stop() {
    stopping_ = true;
    post([] {});
}

void event_loop::run_posted() {
    std::vector<std::function<void()>> handlers;
    {
        std::lock_guard lock(mutex_);
        handlers.swap(posted_);
    }
    for (auto& h : handlers)
        h();
}

// What is scheduled meanwhile waits for the next call: it may be a coroutine that lets others go first.
void event_loop::run_ready() {
    running_.swap(ready_);
    for (const auto h : running_)
        h.resume();
    running_.clear();
}

void event_loop::dispatch(int count) {
    pending_ = count;
    for (turn_ = 0; turn_ < pending_;) {
        const auto e = events_[static_cast<std::size_t>(turn_++)];
        if (e.events == 0) continue;  // its sink was removed in this round
        if (e.data.ptr == nullptr) {
            std::uint64_t n;
            [[maybe_unused]] auto got = ::read(wake_.get(), &n, sizeof n);
            run_posted();
            continue;
        }
        static_cast<event_sink*>(e.data.ptr)->on_events(e.events);
    }
    pending_ = turn_ = 0;
}

void event_loop::run_deferred() {
    deferred_now_.swap(deferred_);
    for (std::size_t i = 0; i < deferred_now_.size(); ++i)
        if (const auto t = deferred_now_[i]; t.sink) t.sink->on_events(t.events);
    deferred_now_.clear();
}

int event_loop::wait_time() const noexcept {
    if (!ready_.empty() || !deferred_.empty()) return 0;
    const auto next = timers_.next();
    if (next == clock::time_point::max()) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - now_).count();
    return static_cast<int>(std::max<std::int64_t>(left, 0));
}

void event_loop::run() {
    while (!stopping_.load(std::memory_order_relaxed)) {
        const int n = ::epoll_wait(epoll_.get(), events_.data(), static_cast<int>(events_.size()), wait_time());
        if (n < 0 && errno != EINTR) throw std::system_error(errno, std::generic_category(), "epoll_wait");
        now_ = clock::now();
        dispatch(std::max(n, 0));
        run_deferred();
        run_ready();
        timers_.advance(now_);
        run_ready();
    }
}

}  // namespace gasper::router
