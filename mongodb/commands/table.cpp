#include <algorithm>
#include <cctype>
#include <iterator>

#include "mongodb/commands/fields.hpp"
#include "mongodb/commands/handlers.hpp"

namespace gasper::mongodb {
namespace {

enum class needs { nothing, login, writing };

struct entry {
    std::string_view name;
    needs what;
    handler run;
};

constexpr entry table[] = {
    {"hello", needs::nothing, run_hello},
    {"isMaster", needs::nothing, run_hello},
    {"ismaster", needs::nothing, run_hello},
    {"saslStart", needs::nothing, run_sasl_start},
    {"saslContinue", needs::nothing, run_sasl_continue},
    {"logout", needs::nothing, run_logout},
    {"ping", needs::nothing, run_ok},
    {"buildInfo", needs::nothing, run_build_info},
    {"buildinfo", needs::nothing, run_build_info},
    {"whatsmyuri", needs::nothing, run_whats_my_uri},
    {"connectionStatus", needs::nothing, run_connection_status},
    {"endSessions", needs::nothing, run_ok},
    {"startSession", needs::login, run_ok},
    {"refreshSessions", needs::login, run_ok},
    {"killSessions", needs::login, run_ok},
    {"serverStatus", needs::login, run_server_status},

    {"insert", needs::writing, run_insert},
    {"update", needs::writing, run_update},
    {"delete", needs::writing, run_delete},
    {"findAndModify", needs::writing, run_find_and_modify},
    {"findandmodify", needs::writing, run_find_and_modify},
    {"count", needs::login, run_count},
    {"distinct", needs::login, run_distinct},

    {"find", needs::login, run_find},
    {"aggregate", needs::login, run_aggregate},
    {"getMore", needs::login, run_get_more},
    {"killCursors", needs::login, run_kill_cursors},
    {"listCollections", needs::login, run_list_collections},
    {"listIndexes", needs::login, run_list_indexes},
    {"listDatabases", needs::login, run_list_databases},

    {"create", needs::writing, run_create},
    {"drop", needs::writing, run_drop},
    {"dropDatabase", needs::writing, run_drop_database},
    {"renameCollection", needs::writing, run_rename},
    {"collMod", needs::writing, run_coll_mod},
    {"createIndexes", needs::writing, run_create_indexes},
    {"dropIndexes", needs::writing, run_drop_indexes},
    {"deleteIndexes", needs::writing, run_drop_indexes},
    {"collStats", needs::login, run_coll_stats},
    {"collstats", needs::login, run_coll_stats},
    {"dbStats", needs::login, run_db_stats},
    {"dbstats", needs::login, run_db_stats},
    {"validate", needs::login, run_validate},
};

// Known to MongoDB and refused here: a sentence helps more than "no such command".
struct refused_command {
    std::string_view name;
    int number;
    std::string_view why;
};

constexpr std::string_view users = "users come and go with attachments: services:attach, services:detach";
constexpr std::string_view no_transactions = "transactions are not supported by this database";
constexpr std::string_view one_server = "this database is one server: it has no replica set and no shards";

constexpr refused_command refusals[] = {
    {"commitTransaction", operation_not_supported_in_transaction, no_transactions},
    {"abortTransaction", operation_not_supported_in_transaction, no_transactions},
    {"replSetGetStatus", 76, one_server},
    {"replSetGetConfig", 76, one_server},
    {"shardCollection", command_not_supported, one_server},
    {"createUser", command_not_supported, users},
    {"updateUser", command_not_supported, users},
    {"dropUser", command_not_supported, users},
    {"usersInfo", command_not_supported, users},
    {"explain", command_not_supported,
     "explain is not supported by this database: services:connect opens psql on what is below"},
    {"mapReduce", command_not_supported, "mapReduce is not supported by this database: use aggregate"},
    {"mapreduce", command_not_supported, "mapReduce is not supported by this database: use aggregate"},
    {"eval", command_not_supported, "this database runs no JavaScript"},
};

std::string printable(std::string_view name) {
    std::string out(name.substr(0, 64));
    std::replace_if(
        out.begin(), out.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; }, '?');
    return out;
}

command_error unknown(std::string_view name) {
    const auto* found = std::find_if(std::begin(refusals), std::end(refusals), [&](auto& r) { return r.name == name; });
    if (found != std::end(refusals)) return {found->number, std::string(found->why)};
    return {command_not_found, "no such command: '" + printable(name) + "'"};
}

/// What holds of every command before it runs.
answer<> check(const command_context& c, const entry& e) {
    if (c.what.legacy && e.run != run_hello) {
        return command_error{unsupported_op_query_command, "Unsupported OP_QUERY command: " + printable(c.name) +
                                                               ". The client driver may require an upgrade."};
    }
    if (c.what.database.empty() || c.what.database.size() > 63 ||
        c.what.database.find_first_of(std::string_view("\0/\\. \"$", 7)) != std::string::npos) {
        return command_error{73, "Invalid database name"};
    }
    if (e.what == needs::nothing) return {};
    if (!c.client.who) return command_error{unauthorized, "command " + printable(c.name) + " requires authentication"};
    if (e.what == needs::writing && c.client.who->read_only) {
        return command_error{unauthorized, "not authorized on " + c.what.database + " to execute command " +
                                               printable(c.name) + ": this user may only read"};
    }
    return refuse_transactions(c.command());
}

}  // namespace

task<answer<std::string>> run_command(command_context& c) {
    const auto* found = std::find_if(std::begin(table), std::end(table), [&](auto& e) { return e.name == c.name; });
    if (found == std::end(table)) co_return unknown(c.name);
    auto allowed = check(c, *found);
    if (!allowed) co_return allowed.error();
    co_return co_await found->run(c);
}

}  // namespace gasper::mongodb
