// PostgreSQL's frontend protocol 3.0, as much of it as one prepared statement with binary parameters needs (PostgreSQL
// documentation, "Frontend/Backend Protocol"). Bytes in, values out. Values; any thread.
#pragma once

#include <cstdint>
#include <list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mongodb/command_error.hpp"

namespace gasper::mongodb {

/// A query that is prepared once in each connection, under its name.
struct statement {
    std::string_view name;
    std::string_view sql;
};

using sql_parameter = std::optional<std::string_view>;  // none: NULL
using sql_row = std::vector<std::optional<std::string>>;

constexpr std::size_t max_backend_message = 64U << 20;

std::string startup_message(std::string_view user, std::string_view database);
/// For a connection of its own: ends what the session with that key is doing.
std::string cancel_message(std::uint32_t process, std::uint32_t key);
std::string terminate_message();

/// Pieces to send one after another; large parameters are referred to, not copied.
class frontend_pieces {
 public:
    void prepare(const statement& s);
    /// Bind, execute, sync. `parameters` must outlive the pieces.
    void run(const statement& s, std::span<const sql_parameter> parameters);
    const std::vector<std::string_view>& views() const noexcept { return views_; }

 private:
    void own(std::string piece);

    std::list<std::string> owned_;
    std::vector<std::string_view> views_;
};

struct backend_message {
    char type{0};
    std::string_view body;  // until the next call of next() or add()
};

/// Cuts what has come into messages.
class backend_stream {
 public:
    void add(std::string_view bytes);
    /// None: more is needed. Refuses what cannot be a message; the connection is lost then.
    answer<std::optional<backend_message>> next();

 private:
    std::string buffer_;
    std::size_t at_{0};
};

/// The fields of an ErrorResponse.
struct database_error {
    std::string sqlstate;
    std::string message;
};
database_error parse_error(std::string_view body);
/// None: the row is malformed.
std::optional<sql_row> parse_row(std::string_view body);
std::uint32_t big_endian(std::string_view bytes, std::size_t at);

}  // namespace gasper::mongodb
