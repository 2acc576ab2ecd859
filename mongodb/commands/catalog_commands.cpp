// Databases, collections, indexes.
#include <array>

#include "mongodb/bson/builder.hpp"
#include "mongodb/bson/reader.hpp"
#include "mongodb/commands/fields.hpp"
#include "mongodb/commands/handlers.hpp"
#include "mongodb/postgres/errors.hpp"

namespace gasper::mongodb {
namespace {

constexpr statement list_databases = {"listDatabases",
                                      "SELECT documentdb_api.list_databases($1::documentdb_core.bson)"};
constexpr statement create = {"create",
                              "SELECT documentdb_api.create_collection_view($1::text, $2::documentdb_core.bson)"};
constexpr statement drop = {"drop", "SELECT documentdb_api.drop_collection($1::text, $2::text)"};
constexpr statement drop_database = {"dropDatabase", "SELECT documentdb_api.drop_database($1::text)"};
constexpr statement rename_collection = {"renameCollection",
                                         "SELECT documentdb_api.rename_collection($1::documentdb_core.bson)"};
constexpr statement coll_mod = {"collMod",
                                "SELECT documentdb_api.coll_mod($1::text, $2::text, $3::documentdb_core.bson)"};
constexpr statement create_indexes = {
    "createIndexes",
    "SELECT retval, requests FROM documentdb_api.create_indexes_background($1::text, $2::documentdb_core.bson)"};
constexpr statement build_index = {"buildIndex", "CALL documentdb_api_internal.build_index_concurrently(1)"};
constexpr statement index_status = {
    "indexStatus",
    "SELECT retval, complete::text FROM documentdb_api_internal.check_build_index_status($1::documentdb_core.bson)"};
constexpr statement drop_indexes = {"dropIndexes",
                                    "CALL documentdb_api.drop_indexes($1::text, $2::documentdb_core.bson)"};
constexpr statement coll_stats = {"collStats",
                                  "SELECT documentdb_api.coll_stats($1::text, $2::text, $3::text::float8)"};
constexpr statement db_stats = {"dbStats", "SELECT documentdb_api.db_stats($1::text, $2::text::float8)"};
constexpr statement validate = {"validate",
                                "SELECT document FROM documentdb_api.validate($1::text, $2::documentdb_core.bson)"};

answer<std::string> document_of(answer<sql_row> row) {
    if (!row) return row.error();
    if (row->empty() || !row->front()) return command_error{internal_error, "the database gave no answer"};
    return std::move(*row->front());
}

/// The collection that the command's first field names.
answer<std::string_view> collection_of(const command_context& c) {
    const auto name = text_field(c.command(), c.name);
    if (!name || name->empty()) return command_error{73, "collection name has invalid type or is empty"};
    return *name;
}

std::string scale_of(const command_context& c) {
    const auto field = find_element(c.command(), "scale");
    const auto scale = field ? field->as_integer().value_or(1) : 1;
    return std::to_string(scale < 1 ? 1 : scale);
}

/// DocumentDB reports each shard; there is one, and a server without shards says it directly.
answer<std::string> of_the_only_shard(std::string_view document) {
    const auto raw = find_element(document, "raw");
    const auto shards = raw ? raw->as_document() : std::nullopt;
    const auto shard = shards ? find_element(*shards, "defaultShard") : std::nullopt;
    const auto inside = shard ? shard->as_document() : std::nullopt;
    if (!inside) return std::string(document);
    const auto message = text_field(*inside, "errmsg");
    const auto code = find_element(*inside, "code");
    if (message && code) {
        const auto number = number_of(unpack_sqlstate(static_cast<std::uint32_t>(code->as_integer().value_or(0))));
        return command_error{number, std::string(*message)};
    }
    bson_builder out;
    bson_cursor at(*inside);
    while (at.next()) {
        if (at.element().name != "ok") out.add(at.element());
    }
    return out.add("ok", 1.0).finish();
}

}  // namespace

task<answer<std::string>> run_list_databases(command_context& c) {
    const auto specification_ = specification(c.what);
    const std::array<sql_parameter, 1> parameters{specification_};
    auto row = co_await c.query(list_databases, parameters);
    co_return document_of(std::move(row));
}

task<answer<std::string>> run_create(command_context& c) {
    const auto specification_ = specification(c.what);
    const std::array<sql_parameter, 2> parameters{c.what.database, specification_};
    auto row = co_await c.query(create, parameters);
    co_return document_of(std::move(row));
}

task<answer<std::string>> run_drop(command_context& c) {
    auto collection = collection_of(c);
    if (!collection) co_return collection.error();
    const std::array<sql_parameter, 2> parameters{c.what.database, *collection};
    auto row = co_await c.query(drop, parameters);
    if (!row) co_return row.error();
    co_return bson_builder().add("ns", c.what.database + "." + std::string(*collection)).add("ok", 1.0).finish();
}

task<answer<std::string>> run_drop_database(command_context& c) {
    const std::array<sql_parameter, 1> parameters{c.what.database};
    auto row = co_await c.query(drop_database, parameters);
    if (!row) co_return row.error();
    co_return bson_builder().add("dropped", c.what.database).add("ok", 1.0).finish();
}

task<answer<std::string>> run_rename(command_context& c) {
    const auto specification_ = specification(c.what);
    const std::array<sql_parameter, 1> parameters{specification_};
    auto row = co_await c.query(rename_collection, parameters);
    co_return document_of(std::move(row));
}

task<answer<std::string>> run_coll_mod(command_context& c) {
    auto collection = collection_of(c);
    if (!collection) co_return collection.error();
    const auto specification_ = specification(c.what);
    const std::array<sql_parameter, 3> parameters{c.what.database, *collection, specification_};
    auto row = co_await c.query(coll_mod, parameters);
    co_return document_of(std::move(row));
}

namespace {

/// DocumentDB only writes down which indexes are wanted. They are built here, in sessions of the server's own role, so
/// that the answer says what became of them. Other clients write on meanwhile.
task<answer<>> build_indexes(command_context& c, std::string requests) {
    const std::array<sql_parameter, 1> parameters{requests};
    for (;;) {
        auto building = c.parts.pool.query("postgres", build_index, {}, c.until);
        auto built = co_await std::move(building);
        if (!built) co_return built.error();
        auto asking = c.parts.pool.query("postgres", index_status, parameters, c.until);
        auto status = co_await std::move(asking);
        if (!status) co_return status.error();
        if (status->size() == 2 && (*status)[1] == "true") {
            auto outcome = of_the_only_shard((*status)[0].value_or(std::string()));
            if (!outcome) co_return outcome.error();
            co_return answer<>();
        }
        if (c.until.expired()) co_return command_error{max_time_ms_expired, "the index is still being built"};
        co_await sleep_until(c.until.sooner(std::chrono::milliseconds(50)));
    }
}

}  // namespace

task<answer<std::string>> run_create_indexes(command_context& c) {
    const auto specification_ = specification(c.what);
    const std::array<sql_parameter, 2> parameters{c.what.database, specification_};
    auto row = co_await c.query(create_indexes, parameters);
    if (!row) co_return row.error();
    if (row->size() != 2 || !row->front()) co_return command_error{internal_error, "the database gave no answer"};
    auto reply = of_the_only_shard(*row->front());
    const bool wanted = row->back() && find_element(*row->back(), "indexRequest");
    if (!reply || !wanted) co_return reply;
    auto built = co_await build_indexes(c, *row->back());
    if (!built) co_return built.error();
    co_return reply;
}

task<answer<std::string>> run_drop_indexes(command_context& c) {
    auto specification_ = specification(c.what);
    const std::array<sql_parameter, 2> parameters{c.what.database, specification_};
    auto row = co_await c.query(drop_indexes, parameters);
    auto document = document_of(std::move(row));
    if (!document) co_return document.error();
    const auto before = find_element(*document, "nIndexesWas");
    bson_builder out;
    if (before) out.add("nIndexesWas", static_cast<std::int32_t>(before->as_integer().value_or(0)));
    co_return out.add("ok", 1.0).finish();
}

task<answer<std::string>> run_coll_stats(command_context& c) {
    auto collection = collection_of(c);
    if (!collection) co_return collection.error();
    const auto scale = scale_of(c);
    const std::array<sql_parameter, 3> parameters{c.what.database, *collection, scale};
    auto row = co_await c.query(coll_stats, parameters);
    co_return document_of(std::move(row));
}

task<answer<std::string>> run_db_stats(command_context& c) {
    const auto scale = scale_of(c);
    const std::array<sql_parameter, 2> parameters{c.what.database, scale};
    auto row = co_await c.query(db_stats, parameters);
    co_return document_of(std::move(row));
}

task<answer<std::string>> run_validate(command_context& c) {
    const auto specification_ = specification(c.what);
    const std::array<sql_parameter, 2> parameters{c.what.database, specification_};
    auto row = co_await c.query(validate, parameters);
    co_return document_of(std::move(row));
}

}  // namespace gasper::mongodb
