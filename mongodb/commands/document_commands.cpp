// Documents: written, counted, told apart. The work is DocumentDB's.
#include <array>

#include "mongodb/commands/fields.hpp"
#include "mongodb/commands/handlers.hpp"
#include "mongodb/postgres/errors.hpp"

namespace gasper::mongodb {
namespace {

constexpr statement insert = {
    "insert",
    "SELECT p_result FROM documentdb_api.insert($1::text, $2::documentdb_core.bson, $3::documentdb_core.bsonsequence)"};
constexpr statement update = {
    "update",
    "SELECT p_result FROM documentdb_api.update($1::text, $2::documentdb_core.bson, $3::documentdb_core.bsonsequence)"};
constexpr statement remove = {
    "delete",
    "SELECT p_result FROM documentdb_api.delete($1::text, $2::documentdb_core.bson, $3::documentdb_core.bsonsequence)"};
constexpr statement find_and_modify = {
    "findAndModify", "SELECT p_result FROM documentdb_api.find_and_modify($1::text, $2::documentdb_core.bson)"};
constexpr statement count = {"count",
                             "SELECT document FROM documentdb_api.count_query($1::text, $2::documentdb_core.bson)"};
constexpr statement distinct = {
    "distinct", "SELECT document FROM documentdb_api.distinct_query($1::text, $2::documentdb_core.bson)"};

answer<std::string> only_document(answer<sql_row> row) {
    if (!row) return row.error();
    if (row->empty() || !row->front()) return command_error{internal_error, "the database gave no answer"};
    return std::move(*row->front());
}

/// `field`: what holds the documents or operations, inside the command or as a sequence beside it.
task<answer<std::string>> write(command_context& c, const statement& s, std::string_view field) {
    const auto specification_ = specification(c.what, field);
    const auto sequence = sequence_of(c.what, field);
    const std::array<sql_parameter, 3> parameters{c.what.database, specification_, sequence};
    auto row = co_await c.query(s, parameters);
    auto document = only_document(std::move(row));
    if (document) translate_write_errors(*document);
    co_return document;
}

task<answer<std::string>> ask(command_context& c, const statement& s) {
    const auto specification_ = specification(c.what);
    const std::array<sql_parameter, 2> parameters{c.what.database, specification_};
    auto row = co_await c.query(s, parameters);
    co_return only_document(std::move(row));
}

}  // namespace

task<answer<std::string>> run_insert(command_context& c) {
    return write(c, insert, "documents");
}
task<answer<std::string>> run_update(command_context& c) {
    return write(c, update, "updates");
}
task<answer<std::string>> run_delete(command_context& c) {
    return write(c, remove, "deletes");
}
task<answer<std::string>> run_find_and_modify(command_context& c) {
    return ask(c, find_and_modify);
}
task<answer<std::string>> run_count(command_context& c) {
    return ask(c, count);
}
task<answer<std::string>> run_distinct(command_context& c) {
    return ask(c, distinct);
}

}  // namespace gasper::mongodb
