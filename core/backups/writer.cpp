#include <zstd.h>

#include <stdexcept>

#include "core/backups/wire.hpp"
#include "core/base/handle.hpp"

namespace gasper {

namespace {

using namespace backup_wire;

void append_field(std::string& out, const std::string& field) {
    if (field.size() > backup_limits::field) throw std::length_error("a field of a backup's header is too long");
    append(out, field.size(), 1);
    out += field;
}

std::string beginning(const backup_header& h) {
    std::string fields;
    append(fields, static_cast<std::uint64_t>(h.taken.time_since_epoch().count()), 8);
    append_field(fields, h.kind);
    append_field(fields, h.service);
    append_field(fields, h.version);
    std::string out(magic);
    out += format;
    append(out, fields.size(), 2);
    return out + fields;
}

}  // namespace

struct backup_writer::state {
    handle<ZSTD_CCtx, ZSTD_freeCCtx> compressor{ZSTD_createCCtx()};
    crypto_secretstream_xchacha20poly1305_state cipher{};
    std::string unsent;         // the header, until the first frame goes
    std::string authenticated;  // by the first frame
    std::string frame;          // compressed, not encrypted yet
    std::uint64_t dump_bytes{0};

    void seal(std::string_view plain, unsigned char kind, std::string& out);
    void compress(std::string_view dump, ZSTD_EndDirective how, std::string& out);
};

void backup_writer::state::seal(std::string_view plain, unsigned char kind, std::string& out) {
    out += std::exchange(unsent, {});
    append(out, plain.size() + tag, 4);
    const auto at = out.size();
    out.resize(at + plain.size() + tag);
    crypto_secretstream_xchacha20poly1305_push(&cipher, octets(out, at), nullptr, octets(plain), plain.size(),
                                               octets(authenticated), authenticated.size(), kind);
    authenticated.clear();
}

void backup_writer::state::compress(std::string_view dump, ZSTD_EndDirective how, std::string& out) {
    ZSTD_inBuffer in{dump.data(), dump.size(), 0};
    for (;;) {
        const auto used = frame.size();
        frame.resize(backup_limits::frame);
        ZSTD_outBuffer to{frame.data() + used, frame.size() - used, 0};
        const auto left = ZSTD_compressStream2(compressor.get(), &to, &in, how);
        if (ZSTD_isError(left)) throw std::runtime_error(std::string("zstd: ") + ZSTD_getErrorName(left));
        frame.resize(used + to.pos);
        if (frame.size() == backup_limits::frame) {
            seal(frame, crypto_secretstream_xchacha20poly1305_TAG_MESSAGE, out);
            frame.clear();
        } else if (how == ZSTD_e_end ? left == 0 : in.pos == in.size) {
            return;
        }
    }
}

backup_writer::backup_writer(const backup_header& header, std::string_view key, int level)
    : state_(std::make_unique<state>()) {
    if (key.size() != crypto_secretstream_xchacha20poly1305_KEYBYTES)
        throw std::invalid_argument("the key of a backup has 32 bytes");
    if (!state_->compressor) throw std::bad_alloc();
    ZSTD_CCtx_setParameter(state_->compressor.get(), ZSTD_c_compressionLevel, level);
    ZSTD_CCtx_setParameter(state_->compressor.get(), ZSTD_c_windowLog, 21);
    ZSTD_CCtx_setParameter(state_->compressor.get(), ZSTD_c_checksumFlag, 1);
    state_->authenticated = beginning(header);
    std::string start(stream_header, '\0');
    crypto_secretstream_xchacha20poly1305_init_push(&state_->cipher, octets(start), octets(key));
    state_->authenticated += start;
    state_->unsent = state_->authenticated;
    state_->frame.reserve(backup_limits::frame);
}

backup_writer::~backup_writer() = default;

void backup_writer::put(std::string_view dump, std::string& out) {
    state_->dump_bytes += dump.size();
    state_->compress(dump, ZSTD_e_continue, out);
}

void backup_writer::finish(std::string& out) {
    state_->compress({}, ZSTD_e_end, out);
    if (!state_->frame.empty()) state_->seal(state_->frame, crypto_secretstream_xchacha20poly1305_TAG_MESSAGE, out);
    std::string last;
    append(last, state_->dump_bytes, 8);
    state_->seal(last, crypto_secretstream_xchacha20poly1305_TAG_FINAL, out);
}

std::uint64_t backup_writer::dump_bytes() const noexcept {
    return state_->dump_bytes;
}

}  // namespace gasper
