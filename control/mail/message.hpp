// One mail, and its form on the wire (RFC 5322). A value.
#pragma once

#include <string>

#include "core/model/model.hpp"

namespace gasper::control {

struct mail_message {
    std::string from, to;  // plain addresses, see is_mail_address
    std::string subject;   // any text: it is encoded (RFC 2047) and cannot end the header
    std::string text;      // UTF-8
    std::string id;        // of the Message-ID, before the @: the same when the same is sent again
    sys_time at{};
};

/// Headers and body with CRLF line ends. The text goes as base64: no line of it begins with a dot, and none is long.
std::string to_wire(const mail_message& m);

}  // namespace gasper::control
