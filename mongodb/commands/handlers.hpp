// The handlers of the command table, by what they touch. Each takes a checked request and yields the document that
// answers.
#pragma once

#include "mongodb/commands/context.hpp"

namespace gasper::mongodb {

using handler = task<answer<std::string>> (*)(command_context&);

// The session: who is there, and what this is.
task<answer<std::string>> run_hello(command_context& c);
task<answer<std::string>> run_sasl_start(command_context& c);
task<answer<std::string>> run_sasl_continue(command_context& c);
task<answer<std::string>> run_logout(command_context& c);
task<answer<std::string>> run_ok(command_context& c);
task<answer<std::string>> run_build_info(command_context& c);
task<answer<std::string>> run_server_status(command_context& c);
task<answer<std::string>> run_connection_status(command_context& c);
task<answer<std::string>> run_whats_my_uri(command_context& c);

// Documents.
task<answer<std::string>> run_insert(command_context& c);
task<answer<std::string>> run_update(command_context& c);
task<answer<std::string>> run_delete(command_context& c);
task<answer<std::string>> run_find_and_modify(command_context& c);
task<answer<std::string>> run_count(command_context& c);
task<answer<std::string>> run_distinct(command_context& c);

// What answers in pages.
task<answer<std::string>> run_find(command_context& c);
task<answer<std::string>> run_aggregate(command_context& c);
task<answer<std::string>> run_list_collections(command_context& c);
task<answer<std::string>> run_list_indexes(command_context& c);
task<answer<std::string>> run_get_more(command_context& c);
task<answer<std::string>> run_kill_cursors(command_context& c);

// Databases, collections, indexes.
task<answer<std::string>> run_list_databases(command_context& c);
task<answer<std::string>> run_create(command_context& c);
task<answer<std::string>> run_drop(command_context& c);
task<answer<std::string>> run_drop_database(command_context& c);
task<answer<std::string>> run_rename(command_context& c);
task<answer<std::string>> run_coll_mod(command_context& c);
task<answer<std::string>> run_create_indexes(command_context& c);
task<answer<std::string>> run_drop_indexes(command_context& c);
task<answer<std::string>> run_coll_stats(command_context& c);
task<answer<std::string>> run_db_stats(command_context& c);
task<answer<std::string>> run_validate(command_context& c);

/// What saslStart answers; also for the speculative attempt inside hello.
task<answer<std::string>> begin_login(command_context& c, std::string_view command);

}  // namespace gasper::mongodb
