// The few things done with keys: hashes, random names, passwords (Argon2id), values sealed at rest
// (XChaCha20-Poly1305 by libsodium's secretbox). Thread-safe after init_crypto().
#pragma once

#include <array>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "core/base/error.hpp"

namespace gasper {

/// Call once before anything here. Throws when libsodium cannot start.
void init_crypto();

std::string sha256(std::string_view data);  // 32 bytes
std::string sha256_hex(std::string_view data);
std::string base64(std::string_view data);  // RFC 4648 §4, padded
result<std::string> from_base64(std::string_view text);
std::string base64url(std::string_view data);  // RFC 4648 §5, no padding
std::string random_bytes(std::size_t n);
/// `n` random bytes as lower-case hex.
std::string random_hex(std::size_t n);
bool equal_constant_time(std::string_view a, std::string_view b) noexcept;

/// Argon2id in libsodium's encoded form; blocks for tens of milliseconds: call it on a blocking pool.
std::string hash_password(std::string_view password);
bool verify_password(std::string_view encoded, std::string_view password);

/// Seals values with one key. The key never leaves the object but to its file.
class secret_box {
 public:
    static constexpr std::size_t key_size = 32;

    /// Reads the key file, or makes it (0600, fsynced) when it does not exist. Refuses a file that others can read.
    static result<secret_box> open(const std::filesystem::path& key_file);
    explicit secret_box(std::array<unsigned char, key_size> key) : key_(key) {}

    /// nonce ‖ box, binary.
    std::string seal(std::string_view plain) const;
    result<std::string> unseal(std::string_view sealed) const;
    /// A key derived for `purpose` (e.g. "jwt"), 32 bytes, stable as long as the key file is.
    std::string derive(std::string_view purpose) const;

 private:
    std::array<unsigned char, key_size> key_;
};

}  // namespace gasper
