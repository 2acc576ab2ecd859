// What answers in pages. DocumentDB gives each page with the place to go on at, which is kept here between two of them;
// what it must sort or group first it keeps in a file of its own, so that a page may come from any session.
#include <array>
#include <charconv>

#include "mongodb/bson/builder.hpp"
#include "mongodb/bson/reader.hpp"
#include "mongodb/commands/fields.hpp"
#include "mongodb/commands/handlers.hpp"

namespace gasper::mongodb {
namespace {

constexpr statement find = {
    "find",
    "SELECT cursorpage, continuation FROM documentdb_api.find_cursor_first_page($1::text, $2::documentdb_core.bson)"};
constexpr statement aggregate = {"aggregate",
                                 "SELECT cursorpage, continuation FROM "
                                 "documentdb_api.aggregate_cursor_first_page($1::text, $2::documentdb_core.bson)"};
constexpr statement list_collections = {
    "listCollections",
    "SELECT cursorpage, continuation FROM "
    "documentdb_api.list_collections_cursor_first_page($1::text, $2::documentdb_core.bson)"};
constexpr statement list_indexes = {
    "listIndexes",
    "SELECT cursorpage, continuation FROM documentdb_api.list_indexes_cursor_first_page($1::text, "
    "$2::documentdb_core.bson)"};
constexpr statement get_more = {"getMore",
                                "SELECT cursorpage, continuation FROM documentdb_api.cursor_get_more($1::text, "
                                "$2::documentdb_core.bson, $3::documentdb_core.bson)"};
constexpr statement delete_cursors = {"killCursors",
                                      "SELECT documentdb_api_internal.delete_cursors($1::text::bigint[])"};

constexpr std::size_t most_killed_at_once = 1000;

struct page {
    std::string document;
    std::optional<std::string> continuation;
};

answer<page> page_of(answer<sql_row> row) {
    if (!row) return row.error();
    if (row->size() != 2 || !row->front()) return command_error{internal_error, "the database gave no page"};
    page out{std::move(*(*row)[0]), std::move((*row)[1])};
    return out;
}

std::optional<bson_element> cursor_field(std::string_view document, std::string_view name) {
    const auto cursor = find_element(document, "cursor");
    const auto inside = cursor ? cursor->as_document() : std::nullopt;
    return inside ? find_element(*inside, name) : std::nullopt;
}

std::int64_t cursor_id(std::string_view document) {
    const auto id = cursor_field(document, "id");
    return id ? id->as_integer().value_or(0) : 0;
}

std::string space_of(std::string_view document) {
    const auto space = cursor_field(document, "ns");
    return std::string(space ? space->as_string().value_or(std::string_view()) : std::string_view());
}

/// The files of cursors that nobody can ask for any more. What fails here, DocumentDB clears away itself in time.
task<> forget(command_context& c, std::span<const std::int64_t> ids) {
    if (ids.empty()) co_return;
    std::string list = "{";
    for (const auto id : ids)
        list += (list.size() > 1 ? "," : "") + std::to_string(id);
    list += '}';
    const std::array<sql_parameter, 1> parameters{list};
    const auto ignored = co_await c.query(delete_cursors, parameters);
    (void)ignored;
}

task<answer<std::string>> first_page(command_context& c, const statement& s) {
    const auto specification_ = specification(c.what);
    const std::array<sql_parameter, 2> parameters{c.what.database, specification_};
    auto row = co_await c.query(s, parameters);
    auto first = page_of(std::move(row));
    if (!first) co_return first.error();
    const auto id = cursor_id(first->document);
    if (id == 0 || !first->continuation) co_return std::move(first->document);
    const auto gone = c.parts.cursors.open(id, c.user(), space_of(first->document), std::move(*first->continuation),
                                           cursor_store::clock::now());
    co_await forget(c, gone);
    co_return std::move(first->document);
}

/// Gives the cursor free again however the page ends.
struct page_in_work {
    cursor_store& cursors;
    std::int64_t id;
    bool settled{false};
    ~page_in_work() {
        if (!settled) cursors.release(id, cursor_store::clock::now());
    }
};

}  // namespace

task<answer<std::string>> run_find(command_context& c) {
    return first_page(c, find);
}
task<answer<std::string>> run_aggregate(command_context& c) {
    return first_page(c, aggregate);
}
task<answer<std::string>> run_list_collections(command_context& c) {
    return first_page(c, list_collections);
}
task<answer<std::string>> run_list_indexes(command_context& c) {
    return first_page(c, list_indexes);
}

task<answer<std::string>> run_get_more(command_context& c) {
    const auto given = find_element(c.command(), "getMore");
    const auto id = given ? given->as_integer() : std::nullopt;
    const auto collection = text_field(c.command(), "collection");
    if (!id || !collection) co_return command_error{type_mismatch, "getMore needs a cursor id and a collection"};
    auto continuation = c.parts.cursors.use(*id, c.user(), c.what.database + "." + std::string(*collection));
    if (!continuation) co_return continuation.error();
    page_in_work work{c.parts.cursors, *id};
    const auto specification_ = specification(c.what);
    const std::array<sql_parameter, 3> parameters{c.what.database, specification_, *continuation};
    auto row = co_await c.query(get_more, parameters);
    auto next = page_of(std::move(row));
    if (!next) co_return next.error();
    work.settled = true;
    if (next->continuation && cursor_id(next->document) != 0) {
        c.parts.cursors.advance(*id, std::move(*next->continuation), cursor_store::clock::now());
    } else {
        c.parts.cursors.close(*id);
    }
    co_return std::move(next->document);
}

task<answer<std::string>> run_kill_cursors(command_context& c) {
    const auto list = find_element(c.command(), "cursors");
    const auto ids = list ? list->as_document() : std::nullopt;
    if (!ids) co_return command_error{type_mismatch, "killCursors needs an array of cursor ids"};
    std::vector<std::int64_t> killed, missing;
    bson_cursor at(*ids);
    while (at.next()) {
        const auto id = at.element().as_integer();
        if (!id) co_return command_error{type_mismatch, "a cursor id is a 64-bit integer"};
        if (killed.size() + missing.size() == most_killed_at_once) {
            co_return command_error{bad_value, "more than 1000 cursors in one killCursors"};
        }
        (c.parts.cursors.kill(*id, c.user()) ? killed : missing).push_back(*id);
    }
    co_await forget(c, killed);
    bson_builder out;
    const auto add = [&out](std::string_view name, const std::vector<std::int64_t>& some) {
        out.begin_array(name);
        for (std::size_t i = 0; i < some.size(); ++i)
            out.add(std::to_string(i), some[i]);
        out.end();
    };
    add("cursorsKilled", killed);
    add("cursorsNotFound", missing);
    add("cursorsAlive", {});
    add("cursorsUnknown", {});
    co_return out.add("ok", 1.0).finish();
}

}  // namespace gasper::mongodb
