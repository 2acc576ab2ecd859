// One session of a PostgreSQL server on its Unix socket, as a role that needs no password there. One query at a time,
// on the executor that it was opened on.
#pragma once

#include <boost/asio/local/stream_protocol.hpp>
#include <memory>
#include <set>
#include <span>
#include <string>

#include "core/base/asio.hpp"
#include "core/base/deadline.hpp"
#include "mongodb/postgres/protocol.hpp"

namespace gasper::mongodb {

class pg_connection {
 public:
    /// `socket`: ".s.PGSQL.5432" with its directory. Refuses with the server's reason.
    static task<answer<std::unique_ptr<pg_connection>>> open(std::string socket, std::string user, deadline until);

    pg_connection(asio::any_io_executor executor, std::string socket);
    pg_connection(const pg_connection&) = delete;
    pg_connection& operator=(const pg_connection&) = delete;
    ~pg_connection();

    /// The query's last row; empty: it has none. At the deadline the server is told to stop and the answer is
    /// max_time_ms_expired. `s` and the parameters must live until it returns.
    task<answer<sql_row>> query(const statement& s, std::span<const sql_parameter> parameters, deadline until);

    /// False after anything unexpected: close it then. Also false when the server has ended the session meanwhile.
    bool usable();

 private:
    struct exchange {
        sql_row row;
        std::optional<database_error> error;
        bool prepared{false};
        bool ready{false};
    };

    task<answer<>> start(std::string user, deadline until);
    task<> send(std::span<const std::string_view> pieces);
    /// Reads until the server is ready for the next query.
    task<> settle(exchange& what);
    void take(exchange& what, const backend_message& message);
    task<bool> cancel(exchange& what);

    std::string socket_path_;
    asio::local::stream_protocol::socket socket_;
    backend_stream stream_;
    std::set<std::string_view> prepared_;
    std::uint32_t process_{0}, key_{0};
    bool broken_{false};
};

}  // namespace gasper::mongodb
