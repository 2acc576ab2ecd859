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

namespace {

task<result<>> put_drawn(std::shared_ptr<dump_pipe> pipe, std::string piece) {
    const bool taken = co_await pipe->put(std::move(piece));
    if (taken) co_return result<>();
    co_return fail(errc::cancelled, "dump_unread", "nobody takes more of the dump");
}

}  // namespace

task<> draw_dump(parts& p, std::string container, std::shared_ptr<dump_pipe> into, deadline until) {
    std::vector<std::string> words{"dump"};
    verb_input nothing;
    verb_output put = [into](std::string piece) { return put_drawn(into, std::move(piece)); };
    auto dumped =
        co_await stream_verb(p, std::move(container), std::move(words), std::move(nothing), std::move(put), until);
    if (dumped) {
        into->end();
    } else {
        into->break_off(dumped.error());
    }
}

// However it ends: nobody is left waiting for room in the pipe.
task<result<>> restore_from(parts& p, std::string container, std::shared_ptr<dump_pipe> pipe, deadline until) {
    std::vector<std::string> words{"restore"};
    verb_input take = [pipe] { return pipe->take(); };
    verb_output nowhere;
    auto restored =
        co_await stream_verb(p, std::move(container), std::move(words), std::move(take), std::move(nowhere), until);
    pipe->close_reader();
    co_return restored;
}

task<result<>> record_dump(std::shared_ptr<dump_pipe> from, backup_recorder& recorder) {
    for (;;) {
        auto piece = co_await from->take();
        if (!piece) co_return piece.error();
        if (piece->empty()) co_return co_await recorder.finish();
        auto taken = co_await recorder.take(std::move(*piece));
        if (taken) continue;
        from->close_reader();
        co_return taken;
    }
}

task<> prepare_input(verb_input input, std::shared_ptr<dump_pipe> into) {
    for (;;) {
        auto piece = co_await input();
        if (!piece) co_return into->break_off(piece.error());
        if (piece->empty()) co_return into->end();
        const bool wanted = co_await into->put(std::move(*piece));
        if (!wanted) co_return;
    }
}

}  // namespace gasper::control
