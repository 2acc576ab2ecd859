// Sessions of the database, shared by the clients of a role: few server processes for many clients. When all are taken
// callers wait in order; an idle session of another role makes room. One executor.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <list>
#include <memory>
#include <string>

#include "mongodb/postgres/connection.hpp"

namespace gasper::mongodb {

struct pool_options {
    std::string socket;
    std::size_t most{8};                 // sessions at once
    std::chrono::seconds idle_time{60};  // until an unused one ends
    std::chrono::seconds patience{20};   // for a session to come free or to start
};

class pg_pool {
 public:
    pg_pool(asio::any_io_executor executor, pool_options options);
    pg_pool(const pg_pool&) = delete;
    pg_pool& operator=(const pg_pool&) = delete;

    /// A session to use and give back by destruction. Must not outlive the pool.
    class lease {
     public:
        lease(pg_pool& pool, std::string user, std::unique_ptr<pg_connection> connection);
        lease(lease&&) noexcept = default;
        lease& operator=(lease&&) = delete;
        ~lease();
        pg_connection& operator*() const { return *connection_; }

     private:
        pg_pool* pool_;
        std::string user_;
        std::unique_ptr<pg_connection> connection_;
    };

    task<answer<lease>> take(std::string user, deadline until);
    /// Runs one query in a session of that role.
    task<answer<sql_row>> query(std::string user, const statement& s, std::span<const sql_parameter> parameters,
                                deadline until);
    /// Ends sessions that nobody uses, until cancelled.
    task<> expire();

    std::size_t size() const noexcept { return size_; }

 private:
    struct idle_session {
        std::string user;
        std::unique_ptr<pg_connection> connection;
        deadline::clock::time_point since;
    };

    std::unique_ptr<pg_connection> take_idle(const std::string& user);
    bool make_room();
    task<answer<>> wait_turn(deadline until);
    void give_back(std::string user, std::unique_ptr<pg_connection> connection);
    void wake_next();

    asio::any_io_executor executor_;
    pool_options options_;
    std::size_t size_{0};  // idle and leased
    std::list<idle_session> idle_;
    std::list<asio::steady_timer*> waiting_;
};

}  // namespace gasper::mongodb
