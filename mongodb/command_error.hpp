// What a client hears when a command is refused: MongoDB's number for it and a sentence. Values; any thread.
#pragma once

#include <boost/system/result.hpp>
#include <string>
#include <string_view>

namespace gasper::mongodb {

/// The numbers that drivers act on (MongoDB's error_codes.yml); others travel as plain numbers.
enum code : int {
    internal_error = 1,
    bad_value = 2,
    unknown_error = 8,
    failed_to_parse = 9,
    unauthorized = 13,
    type_mismatch = 14,
    invalid_length = 16,
    protocol_error = 17,
    authentication_failed = 18,
    illegal_operation = 20,
    invalid_bson = 22,
    namespace_not_found = 26,
    cursor_not_found = 43,
    namespace_exists = 48,
    max_time_ms_expired = 50,
    command_not_found = 59,
    shutdown_in_progress = 91,
    command_not_supported = 115,
    cursor_in_use = 143,
    operation_not_supported_in_transaction = 263,
    unsupported_op_query_command = 352,
    mechanism_unavailable = 334,
    over_limit = 8000,
    duplicate_key = 11000,
    out_of_disk_space = 14031,
};

struct command_error {
    int number{internal_error};
    std::string message;
    bool operator==(const command_error&) const = default;
};

/// "CursorNotFound" for 43; "Location<number>" for what has no name.
std::string name_of(int number);

template <class T = void>
using answer = boost::system::result<T, command_error>;

[[noreturn]] void throw_exception_from_error(const command_error& e, const boost::source_location&);

}  // namespace gasper::mongodb
