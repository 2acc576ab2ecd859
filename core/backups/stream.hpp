// What a backup is as bytes: a dump compressed (zstd, RFC 8878), encrypted and authenticated piece by piece
// (libsodium's secretstream, XChaCha20-Poly1305), with a header that says of what, and a last frame that proves that
// nothing is missing. Sans-io: bytes in, bytes out, memory bounded by a few frames whatever the dump's size. A writer
// or reader is used by one thread at a time; both need init_crypto(). The layout, integers little-endian:
//     "GASPBKP2" · u16 size of the fields · the fields · 24 bytes of secretstream header · frames
//     fields: u64 seconds since 1970 · kind · service · version, each as u8 size and bytes
//     frame: u32 size · ciphertext. The first frame also authenticates all that stands before it. Its plain text is a
//     part of the zstd stream, which has a checksum; that of the last, tagged final: u64 size of the dump.
// "GASPBKP1" is read as well: its zstd stream has no checksum, its last frame also has 32 bytes of BLAKE2b over the
// dump.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/error.hpp"

namespace gasper {

struct backup_header {
    std::string kind;     // "postgres"
    std::string service;  // whose
    std::string version;  // of the server that made the dump
    std::chrono::sys_seconds taken{};
    bool operator==(const backup_header&) const = default;
};

struct backup_limits {
    static constexpr std::size_t frame = 128u << 10;  // plain text of a frame
    static constexpr std::size_t piece = 256u << 10;  // of a dump, as a reader gives it out
    static constexpr std::size_t field = 255;
    static constexpr int window_log = 23;  // 8 MiB, of the zstd stream
};

class backup_writer {
 public:
    /// `key`: 32 bytes. Fields longer than 255 bytes throw.
    backup_writer(const backup_header& header, std::string_view key, int level = 3);
    ~backup_writer();
    backup_writer(const backup_writer&) = delete;
    backup_writer& operator=(const backup_writer&) = delete;

    /// Appends to `out` what is ready: at most about the size of `dump` and a few frames.
    void put(std::string_view dump, std::string& out);
    /// The end of the dump. Nothing may come after it.
    void finish(std::string& out);
    std::uint64_t dump_bytes() const noexcept;

 private:
    struct state;
    std::unique_ptr<state> state_;
};

/// Takes bytes of any size, gives out the dump. Whatever is given out has been authenticated; its last piece is held
/// back until the whole is proved, so that who reads a dump to its end has it all.
class backup_reader {
 public:
    explicit backup_reader(std::string_view key);
    ~backup_reader();
    backup_reader(const backup_reader&) = delete;
    backup_reader& operator=(const backup_reader&) = delete;

    /// What comes next; keeps it until take() has worked through it.
    void put(std::string_view bytes);
    /// The next piece of the dump; empty: more bytes are needed, or complete(). Refuses with errc::invalid and
    /// "not_a_backup", "backup_format", "backup_key" (another key, or a changed beginning) or "backup_damaged"; the
    /// same again from then on.
    result<std::string> take();
    /// No more bytes come: refuses ("backup_truncated") unless complete().
    result<> finish();

    /// Known as soon as it was read; proved only when proved().
    const std::optional<backup_header>& header() const noexcept;
    /// The first frame was authentic: it is ours, with this key, and the header is what was written.
    bool proved() const noexcept;
    bool complete() const noexcept;
    std::uint64_t dump_bytes() const noexcept;  // given out or held back

 private:
    struct state;
    std::unique_ptr<state> state_;
};

}  // namespace gasper
