// A dump on its way: from a verb into a stored backup, and from there back into a verb. Both ends of a way work at the
// same time, with a dump_pipe between them; memory is bounded by it and a few pieces. On the control executor;
// compressing, encrypting and files are the files pool's. For control/backups and control/upgrades.
#pragma once

#include <memory>
#include <string>

#include "control/backups/dump_pipe.hpp"
#include "control/backups/places.hpp"
#include "control/services/verbs.hpp"
#include "core/backups/stream.hpp"

namespace gasper::control {

std::string backup_key(const parts& p);

class backup_recorder {
 public:
    backup_recorder(parts& p, std::unique_ptr<backup_sink> sink, const backup_header& header, deadline until)
        : p_(p), sink_(std::move(sink)), writer_(header, backup_key(p)), until_(until) {}

    task<result<>> take(std::string piece);
    /// The dump is whole: so is the backup, in its place.
    task<result<>> finish();
    task<> drop() { return sink_->drop(); }
    std::int64_t size() const noexcept { return size_; }
    std::int64_t dump_size() const noexcept { return static_cast<std::int64_t>(writer_.dump_bytes()); }

 private:
    parts& p_;
    std::unique_ptr<backup_sink> sink_;
    backup_writer writer_;
    deadline until_;
    std::int64_t size_{0};
};

class backup_player {
 public:
    backup_player(parts& p, std::unique_ptr<backup_source> source, deadline until)
        : p_(p), source_(std::move(source)), reader_(backup_key(p)), until_(until) {}

    /// Reads until the header is proved: then this is a backup of ours, and of what it says.
    task<result<backup_header>> begin();
    /// The next piece of the dump; empty: its end, and all of it was there.
    task<result<std::string>> next();

 private:
    task<result<std::string>> take();
    task<result<>> more();

    parts& p_;
    std::unique_ptr<backup_source> source_;
    backup_reader reader_;
    deadline until_;
    std::string first_;
    bool ended_{false};
};

/// Dumps a server into the pipe, and ends it: whole, or with the reason why it is not.
task<> draw_dump(parts& p, std::string container, std::shared_ptr<dump_pipe> into, deadline until);
/// Restores what comes out of the pipe into a server. Refuses with the reason of the dump, when that was broken off.
task<result<>> restore_from(parts& p, std::string container, std::shared_ptr<dump_pipe> pipe, deadline until);
/// What comes out of the pipe becomes the backup: while a piece is compressed and written the next ones gather.
task<result<>> record_dump(std::shared_ptr<dump_pipe> from, backup_recorder& recorder);
/// Moves an input into the pipe, and ends it so.
task<> prepare_input(verb_input input, std::shared_ptr<dump_pipe> into);

}  // namespace gasper::control
