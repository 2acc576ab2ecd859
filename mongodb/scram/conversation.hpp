// The server's side of SCRAM-SHA-256 (RFC 5802, RFC 7677) without channel binding, against the verifier that PostgreSQL
// keeps of a password. Whether a user exists cannot be told from the first answer or from the time that it takes.
// Call init_crypto() first. One conversation on one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "mongodb/command_error.hpp"

namespace gasper::mongodb {

/// "SCRAM-SHA-256$<iterations>:<salt>$<stored key>:<server key>" as in pg_authid.rolpassword, decoded.
struct scram_verifier {
    std::uint32_t iterations{4096};
    std::string salt;
    std::string stored_key;  // 32 bytes
    std::string server_key;  // 32 bytes
};

/// None: it is of another kind or malformed.
std::optional<scram_verifier> parse_verifier(std::string_view text);

/// What a user that is unknown is asked with: the same for one name and `secret` each time, and no password fits it.
scram_verifier decoy_verifier(std::string_view user, std::string_view secret);

/// The client's first message, taken apart.
struct client_first {
    std::string user;
    std::string nonce;
    std::string header;  // "n,," or "y,,"
    std::string bare;    // the rest, which the proof covers
};

/// Refuses channel binding, an authorisation identity, extensions, nonces that are short or not printable.
answer<client_first> parse_client_first(std::string_view message);

class scram_conversation {
 public:
    /// `server_nonce`: printable, no comma, fresh and random; 24 characters or more.
    scram_conversation(client_first first, scram_verifier verifier, std::string_view server_nonce);

    std::string server_first() const { return server_first_; }
    /// The server's final message when the proof is right; authentication_failed without a reason when it is not.
    answer<std::string> finish(std::string_view client_final) const;
    const std::string& user() const noexcept { return first_.user; }

 private:
    client_first first_;
    scram_verifier verifier_;
    std::string nonce_;
    std::string server_first_;
};

std::string hmac_sha256(std::string_view key, std::string_view text);

}  // namespace gasper::mongodb
