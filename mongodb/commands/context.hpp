// What a command sees: the request, the session that it came on, and the parts of the gateway. References live as long
// as the command runs.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/base/asio.hpp"
#include "core/base/deadline.hpp"
#include "mongodb/postgres/pool.hpp"
#include "mongodb/scram/conversation.hpp"
#include "mongodb/server/cursors.hpp"
#include "mongodb/wire/message.hpp"

namespace gasper::mongodb {

struct identity {
    std::string user;  // also the role's name in PostgreSQL
    bool read_only{false};
};

/// One client connection's state.
struct session {
    std::int32_t id{0};
    std::optional<identity> who;
    std::optional<scram_conversation> login;
    identity applicant;  // of `login`
    bool proven{false};  // the proof was right; the client still wants an empty exchange
    bool skip_empty{false};
    int failed_logins{0};
};

/// The parts that all connections share.
struct shared_parts {
    pg_pool& pool;
    cursor_store& cursors;
    std::string decoy_secret;
    deadline::clock::time_point started;
    std::size_t connections{0};
};

struct command_context {
    shared_parts& parts;
    session& client;
    const request& what;
    std::string_view name;
    deadline until;

    std::string_view command() const { return what.command; }
    const std::string& user() const { return client.who->user; }
    /// A query in a session of the client's own role: PostgreSQL decides what it may.
    task<answer<sql_row>> query(const statement& s, std::span<const sql_parameter> parameters) const {
        return parts.pool.query(user(), s, parameters, until);
    }
};

/// Runs a command to the document that answers it. Awaited once; the context outlives it.
task<answer<std::string>> run_command(command_context& c);

}  // namespace gasper::mongodb
