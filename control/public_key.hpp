// OpenSSH public key lines (RFC 4253 §6.6, RFC 8709), parsed and judged without any I/O.
#pragma once

#include <string>
#include <string_view>

#include "core/base/error.hpp"

namespace gasper::control {

struct public_key {
    std::string type;  // "ssh-ed25519"
    std::string line;  // "ssh-ed25519 AAAA…", without the comment
    std::string comment;
    std::string fingerprint;  // "SHA256:…"
};

/// Accepts ssh-ed25519, ecdsa-sha2-nistp256/384/521, their sk- forms, and ssh-rsa of 2048 bits or more.
result<public_key> parse_public_key(std::string_view text);

}  // namespace gasper::control
