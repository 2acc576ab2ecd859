// Addresses of people, as far as Gasper takes them.
#pragma once

#include <string_view>

namespace gasper {

/// A plain "local@domain" of RFC 5321 without quotes, comments and literals, of printable ASCII, at most 254 bytes: it
/// can stand in a command and in a header as it is.
bool is_mail_address(std::string_view text);

}  // namespace gasper
