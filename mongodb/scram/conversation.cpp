#include "mongodb/scram/conversation.hpp"

#include <sodium.h>

#include <algorithm>
#include <charconv>

#include "core/base/crypto.hpp"
#include "mongodb/bson/utf8.hpp"

namespace gasper::mongodb {
namespace {

constexpr std::size_t key_bytes = 32;
constexpr std::size_t max_message = 2048;
constexpr std::size_t least_nonce = 8;
constexpr std::string_view no_binding = "n,,";

command_error refused() {
    return {authentication_failed, "Authentication failed."};
}

command_error malformed(std::string what) {
    return {bad_value, "the SCRAM message is malformed: " + std::move(what)};
}

const unsigned char* bytes(std::string_view s) {
    return reinterpret_cast<const unsigned char*>(s.data());
}

/// Takes "<name>=<value>" up to a comma or the end off the front; none: something else stands there.
std::optional<std::string_view> take(std::string_view& rest, char name) {
    if (rest.size() < 2 || rest[0] != name || rest[1] != '=') return {};
    const auto end = rest.find(',');
    const auto value = rest.substr(2, end == std::string_view::npos ? end : end - 2);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    return value;
}

/// RFC 5802 §5.1: "," and "=" travel as "=2C" and "=3D".
std::optional<std::string> plain_name(std::string_view escaped) {
    std::string out;
    for (std::size_t i = 0; i < escaped.size(); ++i) {
        if (escaped[i] != '=') {
            out += escaped[i];
            continue;
        }
        const auto code = escaped.substr(i + 1, 2);
        if (code != "2C" && code != "3D") return {};
        out += code == "2C" ? ',' : '=';
        i += 2;
    }
    if (out.empty() || out.find('\0') != std::string::npos || !is_utf8(out)) return {};
    return out;
}

bool is_printable(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7F && c != ','; });
}

std::string exclusive_or(std::string a, std::string_view b) {
    for (std::size_t i = 0; i < a.size(); ++i)
        a[i] = static_cast<char>(a[i] ^ b[i]);
    return a;
}

}  // namespace

std::string hmac_sha256(std::string_view key, std::string_view text) {
    std::string out(crypto_auth_hmacsha256_BYTES, '\0');
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, bytes(key), key.size());
    crypto_auth_hmacsha256_update(&state, bytes(text), text.size());
    crypto_auth_hmacsha256_final(&state, reinterpret_cast<unsigned char*>(out.data()));
    sodium_memzero(&state, sizeof state);
    return out;
}

std::optional<scram_verifier> parse_verifier(std::string_view text) {
    constexpr std::string_view kind = "SCRAM-SHA-256$";
    if (!text.starts_with(kind)) return {};
    text.remove_prefix(kind.size());
    const auto colon = text.find(':');
    const auto dollar = text.find('$', colon == std::string_view::npos ? text.size() : colon);
    const auto second = text.find(':', dollar == std::string_view::npos ? text.size() : dollar);
    if (second == std::string_view::npos) return {};
    scram_verifier out;
    const auto* end = text.data() + colon;
    if (const auto [at, failed] = std::from_chars(text.data(), end, out.iterations); failed != std::errc() || at != end)
        return {};
    auto salt = from_base64(text.substr(colon + 1, dollar - colon - 1));
    auto stored = from_base64(text.substr(dollar + 1, second - dollar - 1));
    auto server = from_base64(text.substr(second + 1));
    if (!salt || !stored || !server || stored->size() != key_bytes || server->size() != key_bytes) return {};
    out.salt = std::move(*salt);
    out.stored_key = std::move(*stored);
    out.server_key = std::move(*server);
    return out;
}

scram_verifier decoy_verifier(std::string_view user, std::string_view secret) {
    scram_verifier out;
    out.salt = hmac_sha256(secret, std::string("salt ").append(user)).substr(0, 16);
    out.stored_key = random_bytes(key_bytes);
    out.server_key = random_bytes(key_bytes);
    return out;
}

answer<client_first> parse_client_first(std::string_view message) {
    if (message.size() > max_message) return malformed("it is too long");
    if (message.starts_with("p=")) return malformed("channel binding is not supported");
    // "y,,": the client could bind and believes that the server cannot. It is right.
    if (!message.starts_with(no_binding) && !message.starts_with("y,,")) return malformed("its header is unknown");
    client_first out;
    out.header = message.substr(0, no_binding.size());
    out.bare = message.substr(no_binding.size());
    std::string_view rest = out.bare;
    const auto escaped = take(rest, 'n');
    const auto nonce = take(rest, 'r');
    if (!escaped || !nonce) return malformed("it has no user or no nonce");
    const auto user = plain_name(*escaped);
    if (!user) return malformed("the user's name is not encoded as RFC 5802 says");
    if (nonce->size() < least_nonce || !is_printable(*nonce))
        return malformed("the nonce is too short or not printable");
    if (!rest.empty()) return malformed("it has extensions");
    out.user = *user;
    out.nonce = *nonce;
    return out;
}

scram_conversation::scram_conversation(client_first first, scram_verifier verifier, std::string_view server_nonce)
    : first_(std::move(first)), verifier_(std::move(verifier)), nonce_(first_.nonce) {
    nonce_ += server_nonce;
    server_first_ = "r=" + nonce_ + ",s=" + base64(verifier_.salt) + ",i=" + std::to_string(verifier_.iterations);
}

answer<std::string> scram_conversation::finish(std::string_view client_final) const {
    if (client_final.size() > max_message) return malformed("it is too long");
    const auto proof_at = client_final.rfind(",p=");
    if (proof_at == std::string_view::npos) return malformed("it has no proof");
    auto rest = client_final.substr(0, proof_at);
    const std::string without_proof(rest);
    const auto binding = take(rest, 'c');
    const auto nonce = take(rest, 'r');
    if (!binding || !nonce || !rest.empty()) return malformed("it has no nonce, or extensions");
    const auto header = from_base64(*binding);
    const auto proof = from_base64(client_final.substr(proof_at + 3));
    if (!header || !proof || proof->size() != key_bytes) return malformed("it is not in base64");
    const auto covered = first_.bare + "," + server_first_ + "," + without_proof;
    const auto signature = hmac_sha256(verifier_.stored_key, covered);
    const auto stored = sha256(exclusive_or(*proof, signature));
    const bool right = equal_constant_time(stored, verifier_.stored_key);
    if (!right || *header != first_.header || !equal_constant_time(*nonce, nonce_)) return refused();
    return "v=" + base64(hmac_sha256(verifier_.server_key, covered));
}

}  // namespace gasper::mongodb
