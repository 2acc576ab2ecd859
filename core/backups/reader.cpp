#include <zstd.h>

#include <stdexcept>

#include "core/backups/wire.hpp"
#include "core/base/handle.hpp"

namespace gasper {

namespace {

using namespace backup_wire;

error damaged(const std::string& what) {
    return fail(errc::invalid, "backup_damaged", "the backup is damaged: " + what);
}

// Takes a field off the front; false: it is cut short.
bool take_field(std::string_view& from, std::string& field) {
    if (from.empty()) return false;
    const auto size = static_cast<unsigned char>(from[0]);
    if (from.size() < 1u + size) return false;
    field = from.substr(1, size);
    from.remove_prefix(1u + size);
    return true;
}

result<backup_header> parse_fields(std::string_view text) {
    backup_header h;
    const std::chrono::seconds taken(static_cast<std::int64_t>(number(text, 0, 8)));
    h.taken = std::chrono::sys_seconds(taken);
    text.remove_prefix(8);
    const bool whole = take_field(text, h.kind) && take_field(text, h.service) && take_field(text, h.version);
    if (!whole || !text.empty()) return damaged("its header makes no sense");
    return h;
}

}  // namespace

struct backup_reader::state {
    enum class place { header, frames, complete };

    std::string key;
    handle<ZSTD_DCtx, ZSTD_freeDCtx> decompressor{ZSTD_createDCtx()};
    crypto_secretstream_xchacha20poly1305_state cipher{};
    bool has_digest{false};
    crypto_generichash_state hash{};
    place at{place::header};
    std::string input;
    std::size_t used{0};  // of the input
    std::optional<backup_header> header;
    std::string authenticated;  // by the first frame, until it came
    std::string frame;          // decrypted
    std::size_t frame_used{0};
    bool more_inside{false};  // the decompressor has output that did not fit
    bool zstd_ended{false};   // the zstd stream came to its end
    std::string held;         // the newest piece of the dump
    std::uint64_t dump_bytes{0};
    std::optional<error> refused;

    result<bool> step(std::string& piece);
    result<bool> read_header();
    result<bool> read_frame();
    result<> prove(std::string_view last);
    result<std::string> decompress();
    std::string_view rest() const { return std::string_view(input).substr(used); }
};

// False: more bytes are needed.
result<bool> backup_reader::state::read_header() {
    const auto in = rest();
    const auto known = std::min(in.size(), magic.size());
    if (in.substr(0, known) != magic.substr(0, known))
        return fail(errc::invalid, "not_a_backup", "this is no backup of Gasper");
    constexpr auto fixed = magic.size() + 1 + 2;
    if (in.size() < fixed) return false;
    has_digest = in[magic.size()] == format_with_digest;
    if (in[magic.size()] != format && !has_digest)
        return fail(errc::invalid, "backup_format", "this backup has a format that this Gasper does not know");
    const auto size = number(in, magic.size() + 1, 2);
    if (size < 8 + 3 || size > most_fields) return damaged("its header makes no sense");
    const auto whole = fixed + size + stream_header;
    if (in.size() < whole) return false;
    auto parsed = parse_fields(in.substr(fixed, size));
    if (!parsed) return parsed.error();
    header = std::move(*parsed);
    authenticated = in.substr(0, whole);
    const auto start = in.substr(fixed + size, stream_header);
    if (crypto_secretstream_xchacha20poly1305_init_pull(&cipher, octets(start), octets(key)) != 0)
        return damaged("its header makes no sense");
    used += whole;
    at = place::frames;
    return true;
}

result<bool> backup_reader::state::read_frame() {
    const auto in = rest();
    if (in.size() < 4) return false;
    const auto size = static_cast<std::size_t>(number(in, 0, 4));
    if (size < tag || size > backup_limits::frame + tag) return damaged("a frame of impossible size");
    if (in.size() < 4 + size) return false;
    frame.resize(size - tag);
    frame_used = 0;
    unsigned char kind = 0;
    const bool first = !authenticated.empty();
    if (crypto_secretstream_xchacha20poly1305_pull(&cipher, octets(frame), nullptr, &kind, octets(in.substr(4)), size,
                                                   octets(authenticated), authenticated.size()) != 0) {
        if (!first) return damaged("what it holds was changed or is out of order");
        return fail(errc::invalid, "backup_key",
                    "the backup was made with another secret.key, or its beginning was changed");
    }
    authenticated.clear();
    used += 4 + size;
    if (kind == crypto_secretstream_xchacha20poly1305_TAG_MESSAGE) return true;
    if (kind != crypto_secretstream_xchacha20poly1305_TAG_FINAL) return damaged("a frame of an unknown sort");
    if (auto proof = prove(std::exchange(frame, {})); !proof) return proof.error();
    return true;
}

result<> backup_reader::state::prove(std::string_view last) {
    const auto size = has_digest ? trailer_with_digest : trailer;
    if (last.size() != size || !zstd_ended) return damaged("it ends in the middle");
    std::string digest(size - 8, '\0');
    if (has_digest) crypto_generichash_final(&hash, octets(digest), digest.size());
    if (number(last, 0, 8) != dump_bytes || last.substr(8) != digest) return damaged("its sum does not match");
    if (used != input.size()) return damaged("something follows its end");
    at = place::complete;
    return {};
}

// A piece, or nothing when the frame gave none.
result<std::string> backup_reader::state::decompress() {
    if (zstd_ended) return damaged("something follows the end of the dump");
    std::string piece(backup_limits::piece, '\0');
    ZSTD_inBuffer in{frame.data(), frame.size(), frame_used};
    ZSTD_outBuffer to{piece.data(), piece.size(), 0};
    while (to.pos < to.size && !zstd_ended) {
        const auto before = to.pos;
        const auto left = ZSTD_decompressStream(decompressor.get(), &to, &in);
        if (ZSTD_isError(left)) return damaged(std::string("zstd: ") + ZSTD_getErrorName(left));
        zstd_ended = left == 0;
        if (in.pos == in.size && to.pos == before) break;
    }
    frame_used = in.pos;
    more_inside = to.pos == to.size && !zstd_ended;
    if (zstd_ended && frame_used < frame.size()) return damaged("something follows the end of the dump");
    piece.resize(to.pos);
    if (has_digest) crypto_generichash_update(&hash, octets(std::string_view(piece)), piece.size());
    dump_bytes += piece.size();
    return piece;
}

// False: more bytes are needed. `piece`: what may be given out now.
result<bool> backup_reader::state::step(std::string& piece) {
    if (at == place::header) return read_header();
    if (at == place::complete) {
        if (used != input.size()) return damaged("something follows its end");
        piece = std::exchange(held, {});
        return !piece.empty();
    }
    if (frame_used == frame.size() && !more_inside) return read_frame();
    auto next = decompress();
    if (!next) return next.error();
    if (!next->empty()) piece = std::exchange(held, std::move(*next));
    return true;
}

backup_reader::backup_reader(std::string_view key) : state_(std::make_unique<state>()) {
    if (key.size() != crypto_secretstream_xchacha20poly1305_KEYBYTES)
        throw std::invalid_argument("the key of a backup has 32 bytes");
    if (!state_->decompressor) throw std::bad_alloc();
    state_->key = key;
    ZSTD_DCtx_setParameter(state_->decompressor.get(), ZSTD_d_windowLogMax, backup_limits::window_log);
    crypto_generichash_init(&state_->hash, nullptr, 0, 32);
}

backup_reader::~backup_reader() {
    sodium_memzero(state_->key.data(), state_->key.size());
}

void backup_reader::put(std::string_view more) {
    state_->input.erase(0, std::exchange(state_->used, 0));
    state_->input += more;
}

result<std::string> backup_reader::take() {
    while (!state_->refused) {
        std::string piece;
        const auto went_on = state_->step(piece);
        if (!went_on)
            state_->refused = went_on.error();
        else if (!piece.empty() || !*went_on)
            return piece;
    }
    return *state_->refused;
}

result<> backup_reader::finish() {
    if (state_->refused) return *state_->refused;
    if (complete()) return {};
    return fail(errc::invalid, state_->header ? "backup_truncated" : "not_a_backup",
                state_->header ? "the backup is cut short" : "this is no backup of Gasper: it is too short");
}

const std::optional<backup_header>& backup_reader::header() const noexcept {
    return state_->header;
}
bool backup_reader::proved() const noexcept {
    return state_->header && state_->authenticated.empty();
}
bool backup_reader::complete() const noexcept {
    return state_->at == state::place::complete;
}
std::uint64_t backup_reader::dump_bytes() const noexcept {
    return state_->dump_bytes;
}

}  // namespace gasper
