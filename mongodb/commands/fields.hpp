// What every command has in common: its name, the fields that concern the session and not the database, and the fields
// that come beside it as document sequences. Pure; any thread.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "mongodb/wire/message.hpp"

namespace gasper::mongodb {

/// The name of the first field, which names the command; empty: there is none.
std::string_view command_name(std::string_view command);

/// What a string field says; none: it is missing or of another type.
std::optional<std::string_view> text_field(std::string_view command, std::string_view name);

/// The command without the fields of sessions, routing and versions, with `sequences` but the one of `apart` as arrays.
std::string specification(const request& r, std::string_view apart = {});

/// The documents of the sequence of that field; none: it came inside the command.
std::optional<std::string_view> sequence_of(const request& r, std::string_view field);

/// maxTimeMS, where it is a positive number.
std::optional<std::chrono::milliseconds> time_limit(std::string_view command);

/// Refuses what belongs to transactions and retryable writes, as a server without replication does.
answer<> refuse_transactions(std::string_view command);

/// {ok: 0, errmsg, code, codeName}
std::string error_document(const command_error& e);
/// {ok: 1}
std::string ok_document();

}  // namespace gasper::mongodb
