#include "mongodb/commands/fields.hpp"

#include <algorithm>
#include <array>

#include "mongodb/bson/builder.hpp"
#include "mongodb/bson/reader.hpp"

namespace gasper::mongodb {
namespace {

constexpr std::array<std::string_view, 15> of_the_session = {"$db",
                                                             "lsid",
                                                             "$clusterTime",
                                                             "$readPreference",
                                                             "txnNumber",
                                                             "autocommit",
                                                             "startTransaction",
                                                             "readConcern",
                                                             "writeConcern",
                                                             "maxTimeMS",
                                                             "comment",
                                                             "apiVersion",
                                                             "apiDeprecationErrors",
                                                             "apiStrict",
                                                             "$configServerState"};

bool is_of_the_session(std::string_view name) {
    return std::find(of_the_session.begin(), of_the_session.end(), name) != of_the_session.end();
}

void add_sequence(bson_builder& out, const document_sequence& sequence) {
    out.begin_array(sequence.field);
    auto rest = sequence.documents;
    for (std::size_t i = 0; i < sequence.count; ++i) {
        const auto size = stated_size(rest);
        out.add_document(std::to_string(i), rest.substr(0, size));
        rest.remove_prefix(size);
    }
    out.end();
}

}  // namespace

std::string_view command_name(std::string_view command) {
    bson_cursor at(command);
    return at.next() ? at.element().name : std::string_view();
}

std::optional<std::string_view> text_field(std::string_view command, std::string_view name) {
    const auto field = find_element(command, name);
    return field ? field->as_string() : std::nullopt;
}

std::string specification(const request& r, std::string_view apart) {
    bson_builder out;
    bson_cursor at(r.command);
    while (at.next()) {
        if (!is_of_the_session(at.element().name)) out.add(at.element());
    }
    for (const auto& sequence : r.sequences) {
        if (sequence.field != apart) add_sequence(out, sequence);
    }
    return out.finish();
}

std::optional<std::string_view> sequence_of(const request& r, std::string_view field) {
    for (const auto& sequence : r.sequences) {
        if (sequence.field == field) return sequence.documents;
    }
    return {};
}

std::optional<std::chrono::milliseconds> time_limit(std::string_view command) {
    const auto field = find_element(command, "maxTimeMS");
    const auto limit = field ? field->as_integer() : std::nullopt;
    if (!limit || *limit <= 0 || *limit > std::int64_t{1} << 31) return {};
    return std::chrono::milliseconds(*limit);
}

answer<> refuse_transactions(std::string_view command) {
    const auto begins = find_element(command, "startTransaction"), inside = find_element(command, "autocommit");
    if (begins || inside) {
        // Not IllegalOperation, which a lone MongoDB answers: drivers put a sentence about retryWrites in its place.
        return command_error{operation_not_supported_in_transaction,
                             "transactions are not supported by this database: it is PostgreSQL with DocumentDB, not a "
                             "MongoDB replica set"};
    }
    if (find_element(command, "txnNumber")) {
        return command_error{illegal_operation,
                             "Transaction numbers are only allowed on a replica set member or mongos: connect with "
                             "retryWrites=false"};
    }
    return {};
}

std::string error_document(const command_error& e) {
    return bson_builder()
        .add("ok", 0.0)
        .add("errmsg", e.message)
        .add("code", static_cast<std::int32_t>(e.number))
        .add("codeName", name_of(e.number))
        .finish();
}

std::string ok_document() {
    return bson_builder().add("ok", 1.0).finish();
}

}  // namespace gasper::mongodb
