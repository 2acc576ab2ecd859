// Where backups are kept: a directory below the data directory, or an S3-compatible store. What is not committed is
// never seen by anybody. Runs on the control executor; files are written and read on a blocking pool.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "control/parts.hpp"
#include "core/base/deadline.hpp"
#include "core/model/backup.hpp"

namespace gasper::control {

/// One object being written. Ends by commit() or drop(), one of which must be awaited.
class backup_sink {
 public:
    virtual ~backup_sink() = default;
    virtual task<result<>> write(std::string piece, deadline until) = 0;
    /// It is there for good, whole: on disk, or acknowledged by the store.
    virtual task<result<>> commit(deadline until) = 0;
    virtual task<> drop() = 0;
};

class backup_source {
 public:
    virtual ~backup_source() = default;
    /// Empty: the end.
    virtual task<result<std::string>> read(deadline until) = 0;
};

class backup_place {
 public:
    virtual ~backup_place() = default;
    /// `object`: "blue/20260715T030000Z-1a2b3c4d.backup".
    virtual task<result<std::unique_ptr<backup_sink>>> create(std::string object, deadline until) = 0;
    /// errc::not_found when there is none.
    virtual task<result<std::unique_ptr<backup_source>>> open(std::string object, deadline until) = 0;
    /// No error when there is none.
    virtual task<result<>> remove(std::string object, deadline until) = 0;
};

/// "local", or a backup_store's name; refuses what is not there.
task<result<std::shared_ptr<backup_place>>> backup_place_of(parts& p, std::string name);
result<std::shared_ptr<backup_place>> s3_place(blocking_pool& files, const backup_store& store);

std::shared_ptr<backup_place> directory_place(blocking_pool& files, std::filesystem::path root);

/// What an earlier process left unfinished in the directory.
task<> sweep_unfinished_backups(parts& p);

/// One that is being written: nobody takes it for unfinished while this is there.
class written_backup {
 public:
    written_backup(service_board& board, const backup& b)
        : board_(board), at_(board.stored.emplace(b.place, b.object)) {}
    written_backup(const written_backup&) = delete;
    written_backup& operator=(const written_backup&) = delete;
    ~written_backup() { board_.stored.erase(at_); }

 private:
    service_board& board_;
    std::multiset<std::pair<std::string, std::string>>::iterator at_;
};

/// Drops the parts of backups that nobody writes any more, in all stores: of a process that was killed, or that the
/// store did not hear when it gave one up. Only of backups that stand in our store: others may use the bucket too.
task<> drop_unfinished_uploads(parts& p);
/// That now and then, until cancelled.
task<> keep_stores_tidy(parts& p);

}  // namespace gasper::control
