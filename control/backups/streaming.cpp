#include "control/backups/streaming.hpp"

namespace gasper::control {

std::string backup_key(const parts& p) {
    return p.box.derive("backups");
}

task<result<>> backup_recorder::take(std::string piece) {
    std::string out;
    const auto work = [this, &piece, &out] { writer_.put(piece, out); };
    co_await p_.files.run(work);
    if (out.empty()) co_return result<>();
    size_ += static_cast<std::int64_t>(out.size());
    co_return co_await sink_->write(std::move(out), until_);
}

task<result<>> backup_recorder::finish() {
    std::string out;
    const auto work = [this, &out] { writer_.finish(out); };
    co_await p_.files.run(work);
    size_ += static_cast<std::int64_t>(out.size());
    auto written = co_await sink_->write(std::move(out), until_);
    if (!written) co_return written;
    co_return co_await sink_->commit(until_);
}

task<result<std::string>> backup_player::take() {
    const auto work = [this] { return reader_.take(); };
    co_return co_await p_.files.run(work);
}

task<result<>> backup_player::more() {
    auto bytes = co_await source_->read(until_);
    if (!bytes) co_return bytes.error();
    ended_ = bytes->empty();
    if (ended_) co_return reader_.finish();
    reader_.put(*bytes);
    co_return result<>();
}

task<result<backup_header>> backup_player::begin() {
    for (;;) {
        auto piece = co_await take();
        if (!piece) co_return piece.error();
        first_ += *piece;
        if (reader_.proved()) co_return *reader_.header();
        auto fed = co_await more();
        if (!fed) co_return fed.error();
    }
}

task<result<std::string>> backup_player::next() {
    if (!first_.empty()) co_return std::exchange(first_, {});
    for (;;) {
        auto piece = co_await take();
        if (!piece || !piece->empty()) co_return piece;
        if (ended_) co_return std::string();
        auto fed = co_await more();
        if (!fed) co_return fed.error();
    }
}

}  // namespace gasper::control
