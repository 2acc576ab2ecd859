// Where requests for sleeping apps are held, one room per worker. A new table opens an app's door: those who wait go
// in a few at a time, so that an instance that has just begun to listen is not overrun, and the next goes in when one
// has its answer. Belongs to the worker's thread; must outlive its guests.
#pragma once

#include <coroutine>
#include <list>
#include <memory>
#include <unordered_map>

#include "router/app_state.hpp"
#include "router/io/event_loop.hpp"
#include "router/route_map.hpp"

namespace gasper::router {

class waiting_room {
    struct queue;

 public:
    static constexpr unsigned at_once = 64;  // of one app and worker: let in and not answered yet

    waiting_room(event_loop& loop, std::chrono::milliseconds answer_time) noexcept
        : loop_(loop), answer_time_(answer_time) {}

    enum class outcome : std::uint8_t { waits, let_in, too_late, left };

    /// One request that waits; co_await it. Lives in its coroutine.
    class guest final : timer {
     public:
        guest(waiting_room& room, std::shared_ptr<app_state> app, std::string_view host, clock::time_point until);
        ~guest() override;

        bool await_ready() const noexcept { return outcome_ != outcome::waits; }
        void await_suspend(std::coroutine_handle<> h) noexcept { waiter_ = h; }
        outcome await_resume() const noexcept { return outcome_; }

        /// Its client is gone.
        void leave() { end(outcome::left); }

     private:
        friend class waiting_room;
        void on_deadline() override { end(outcome::too_late); }
        void end(outcome how);

        waiting_room& room_;
        std::shared_ptr<app_state> app_;
        std::string_view host_;
        std::list<guest*>::iterator at_;
        std::coroutine_handle<> waiter_;
        outcome outcome_{outcome::waits};
    };

    /// Held by a request that was let in until it has its answer.
    class admission {
     public:
        admission() = default;
        ~admission() { leave(); }
        admission(const admission&) = delete;
        admission& operator=(const admission&) = delete;
        void take(waiting_room& room, std::shared_ptr<const app_state> app) noexcept {
            room_ = &room;
            app_ = std::move(app);
        }
        void leave() noexcept {
            if (room_) std::exchange(room_, nullptr)->answered(*app_);
        }

     private:
        waiting_room* room_{nullptr};
        std::shared_ptr<const app_state> app_;
    };

    /// A new table: opens the doors of the apps that can be asked, or that are no more.
    void let_in(const route_map& routes);

 private:
    struct queue {
        std::list<guest*> waiting;
        unsigned inside{0};
        bool open{false};
    };

    void admit(queue& q);
    void answered(const app_state& app) noexcept;
    void drop_if_done(const app_state* app);

    event_loop& loop_;
    std::chrono::milliseconds answer_time_;
    std::unordered_map<const app_state*, queue> queues_;
};

}  // namespace gasper::router
