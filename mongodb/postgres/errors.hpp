// PostgreSQL's SQLSTATEs as MongoDB's error numbers. DocumentDB uses a class of its own, "M….". Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "mongodb/command_error.hpp"
#include "mongodb/postgres/protocol.hpp"

namespace gasper::mongodb {

int number_of(std::string_view sqlstate);
/// Inside the results of writes a SQLSTATE travels as PostgreSQL packs it into a number: six bits a character.
std::string unpack_sqlstate(std::uint32_t packed);
command_error translate(const database_error& e);

/// In a result of a write: every writeErrors[].code as MongoDB's number, in place.
void translate_write_errors(std::string& document);

}  // namespace gasper::mongodb
