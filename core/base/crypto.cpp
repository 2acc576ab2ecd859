#include "core/base/crypto.hpp"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "core/base/files.hpp"
#include "core/base/handle.hpp"

namespace gasper {

namespace {

const unsigned char* bytes(std::string_view s) {
    return reinterpret_cast<const unsigned char*>(s.data());
}
unsigned char* bytes(std::string& s) {
    return reinterpret_cast<unsigned char*>(s.data());
}

std::string hex(std::string_view data) {
    std::string out(data.size() * 2 + 1, '\0');
    sodium_bin2hex(out.data(), out.size(), bytes(data), data.size());
    out.pop_back();
    return out;
}

std::string encode(std::string_view data, int variant) {
    std::string out(sodium_base64_encoded_len(data.size(), variant), '\0');
    sodium_bin2base64(out.data(), out.size(), bytes(data), data.size(), variant);
    out.resize(std::strlen(out.c_str()));
    return out;
}

}  // namespace

void init_crypto() {
    if (sodium_init() < 0) throw std::runtime_error("libsodium cannot start");
}

std::string sha256(std::string_view data) {
    std::string out(crypto_hash_sha256_BYTES, '\0');
    crypto_hash_sha256(bytes(out), bytes(data), data.size());
    return out;
}

std::string sha256_hex(std::string_view data) {
    return hex(sha256(data));
}

std::string base64(std::string_view data) {
    return encode(data, sodium_base64_VARIANT_ORIGINAL);
}
std::string base64url(std::string_view data) {
    return encode(data, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

result<std::string> from_base64(std::string_view text) {
    std::string out(text.size(), '\0');
    std::size_t n = 0;
    if (sodium_base642bin(bytes(out), out.size(), text.data(), text.size(), nullptr, &n, nullptr,
                          sodium_base64_VARIANT_ORIGINAL) != 0)
        return fail(errc::invalid, "base64", "not base64");
    out.resize(n);
    return out;
}

std::string random_bytes(std::size_t n) {
    std::string out(n, '\0');
    randombytes_buf(out.data(), n);
    return out;
}

std::string random_hex(std::size_t n) {
    return hex(random_bytes(n));
}

bool equal_constant_time(std::string_view a, std::string_view b) noexcept {
    return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string hash_password(std::string_view password) {
    char out[crypto_pwhash_STRBYTES];
    if (crypto_pwhash_str_alg(out, password.data(), password.size(), crypto_pwhash_OPSLIMIT_INTERACTIVE,
                              crypto_pwhash_MEMLIMIT_INTERACTIVE, crypto_pwhash_ALG_ARGON2ID13) != 0)
        throw std::bad_alloc();
    return out;
}

bool verify_password(std::string_view encoded, std::string_view password) {
    return crypto_pwhash_str_verify(std::string(encoded).c_str(), password.data(), password.size()) == 0;
}

namespace {

// Written whole under another name and linked: a crash leaves no half key, and of two processes that start at once
// one's key becomes both's.
result<> make_key_file(const std::filesystem::path& key_file) {
    const std::filesystem::path draft = key_file.string() + "." + random_hex(8);
    auto written = replace_file(draft, random_bytes(secret_box::key_size), 0600);
    const bool linked = written && (::link(draft.c_str(), key_file.c_str()) == 0 || errno == EEXIST);
    const int reason = errno;
    ::unlink(draft.c_str());
    if (!written) return fail(errc::unavailable, "secret_key", written.error().message);
    if (!linked) return fail(errc::unavailable, "secret_key", key_file.string() + ": " + std::strerror(reason));
    const auto parent = key_file.has_parent_path() ? key_file.parent_path() : std::filesystem::path(".");
    unique_fd directory(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory || ::fsync(directory.get()) != 0)
        return fail(errc::unavailable, "secret_key", parent.string() + ": cannot be synced");
    return {};
}

}  // namespace

result<secret_box> secret_box::open(const std::filesystem::path& key_file) {
    static_assert(key_size == crypto_secretbox_xchacha20poly1305_KEYBYTES);
    std::array<unsigned char, key_size> key{};
    auto stored = read_file(key_file, 4096);
    if (!stored && stored.error().kind == errc::not_found) {
        if (auto made = make_key_file(key_file); !made) return made.error();
        stored = read_file(key_file, 4096);
    }
    if (!stored) return fail(stored.error().kind, "secret_key", stored.error().message);
    struct stat st {};
    if (::stat(key_file.c_str(), &st) != 0 || (st.st_mode & 077) != 0)
        return fail(errc::invalid, "secret_key", key_file.string() + ": others can read it; chmod 600 it");
    if (stored->size() != key.size()) return fail(errc::invalid, "secret_key", key_file.string() + ": not 32 bytes");
    std::memcpy(key.data(), stored->data(), key.size());
    sodium_memzero(stored->data(), stored->size());
    return secret_box(key);
}

std::string secret_box::seal(std::string_view plain) const {
    std::string out(crypto_secretbox_xchacha20poly1305_NONCEBYTES, '\0');
    randombytes_buf(out.data(), out.size());
    std::string box(plain.size() + crypto_secretbox_xchacha20poly1305_MACBYTES, '\0');
    crypto_secretbox_xchacha20poly1305_easy(bytes(box), bytes(plain), plain.size(), bytes(out), key_.data());
    return out + box;
}

result<std::string> secret_box::unseal(std::string_view sealed) const {
    constexpr std::size_t head = crypto_secretbox_xchacha20poly1305_NONCEBYTES;
    constexpr std::size_t mac = crypto_secretbox_xchacha20poly1305_MACBYTES;
    if (sealed.size() < head + mac) return fail(errc::failed, "sealed_value", "a sealed value is cut short");
    std::string plain(sealed.size() - head - mac, '\0');
    if (crypto_secretbox_xchacha20poly1305_open_easy(bytes(plain), bytes(sealed.substr(head)), sealed.size() - head,
                                                     bytes(sealed), key_.data()) != 0)
        return fail(errc::failed, "sealed_value", "a sealed value does not open with this secret.key");
    return plain;
}

std::string secret_box::derive(std::string_view purpose) const {
    std::string out(32, '\0');
    crypto_generichash(bytes(out), out.size(), bytes(purpose), purpose.size(), key_.data(), key_.size());
    return out;
}

}  // namespace gasper
