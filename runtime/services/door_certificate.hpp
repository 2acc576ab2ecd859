// The certificate of a door: made for one service, signed by itself, for clients to pin. Values; any thread, takes
// milliseconds.
#pragma once

#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/model/model.hpp"

namespace gasper::runtime {

struct door_certificate {
    std::string certificate;  // PEM
    std::string key;          // PEM, secret
};

/// For these DNS names and literal addresses, the first its subject; valid from a day before `at`, for ten years.
/// ECDSA, P-256.
result<door_certificate> make_door_certificate(const std::vector<std::string>& hosts, sys_time at = now());

/// "AB:CD:…" of SHA-256, as `openssl x509 -fingerprint -sha256` shows it; empty when it is no certificate.
std::string fingerprint_of(const std::string& certificate);

}  // namespace gasper::runtime
