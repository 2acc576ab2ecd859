#include "mongodb/postgres/pool.hpp"

#include <algorithm>

namespace gasper::mongodb {

pg_pool::pg_pool(asio::any_io_executor executor, pool_options options)
    : executor_(std::move(executor)), options_(std::move(options)) {}

pg_pool::lease::lease(pg_pool& pool, std::string user, std::unique_ptr<pg_connection> connection)
    : pool_(&pool), user_(std::move(user)), connection_(std::move(connection)) {}

pg_pool::lease::~lease() {
    if (connection_) pool_->give_back(std::move(user_), std::move(connection_));
}

std::unique_ptr<pg_connection> pg_pool::take_idle(const std::string& user) {
    for (auto at = idle_.begin(); at != idle_.end();) {
        if (at->user != user) {
            ++at;
            continue;
        }
        auto connection = std::move(at->connection);
        at = idle_.erase(at);
        if (connection->usable()) return connection;
        --size_;
    }
    return nullptr;
}

bool pg_pool::make_room() {
    if (size_ < options_.most) return true;
    if (idle_.empty()) return false;
    idle_.pop_front();  // the one that was given back first
    --size_;
    return true;
}

task<answer<>> pg_pool::wait_turn(deadline until) {
    asio::steady_timer turn(executor_, until.at());
    const auto me = waiting_.insert(waiting_.end(), &turn);
    struct leave {
        pg_pool& pool;
        std::list<asio::steady_timer*>::iterator me;
        bool called{false};
        ~leave() {
            // Whoever was called and does not come passes the call on.
            if (*me == nullptr && !called) pool.wake_next();
            pool.waiting_.erase(me);
        }
    } guard{*this, me};
    boost::system::error_code ended;
    co_await turn.async_wait(asio::redirect_error(asio::use_awaitable, ended));
    if (*me == nullptr) {
        guard.called = true;
        co_return answer<>();
    }
    if (ended == asio::error::operation_aborted) throw boost::system::system_error(ended);
    co_return command_error{over_limit, "all connections to the database are busy"};
}

void pg_pool::wake_next() {
    for (auto*& turn : waiting_) {
        if (!turn) continue;
        auto* const timer = std::exchange(turn, nullptr);
        timer->cancel();
        return;
    }
}

task<answer<pg_pool::lease>> pg_pool::take(std::string user, deadline until) {
    const auto patience = until.sooner(options_.patience);
    for (bool queued = false;; queued = true) {
        const bool first = queued || std::all_of(waiting_.begin(), waiting_.end(), [](auto* w) { return !w; });
        if (first) {
            if (auto connection = take_idle(user)) co_return lease(*this, std::move(user), std::move(connection));
            if (make_room()) break;
        }
        auto turn = co_await wait_turn(patience);
        if (!turn) co_return turn.error();
    }
    ++size_;
    struct reserve {
        pg_pool& pool;
        bool kept{false};
        ~reserve() {
            if (kept) return;
            --pool.size_;
            pool.wake_next();
        }
    } place{*this};
    auto opening = pg_connection::open(options_.socket, user, patience);
    auto opened = co_await std::move(opening);
    if (!opened) co_return opened.error();
    place.kept = true;
    co_return lease(*this, std::move(user), std::move(*opened));
}

void pg_pool::give_back(std::string user, std::unique_ptr<pg_connection> connection) {
    if (connection->usable()) {
        idle_.push_back({std::move(user), std::move(connection), deadline::clock::now()});
    } else {
        --size_;
    }
    wake_next();
}

task<answer<sql_row>> pg_pool::query(std::string user, const statement& s, std::span<const sql_parameter> parameters,
                                     deadline until) {
    auto taking = take(std::move(user), until);
    auto session = co_await std::move(taking);
    if (!session) co_return session.error();
    co_return co_await (**session).query(s, parameters, until);
}

task<> pg_pool::expire() {
    for (;;) {
        co_await sleep_until(deadline::after(std::min(options_.idle_time, std::chrono::seconds(10))));
        const auto oldest = deadline::clock::now() - options_.idle_time;
        while (!idle_.empty() && idle_.front().since < oldest) {
            idle_.pop_front();
            --size_;
        }
    }
}

}  // namespace gasper::mongodb
