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

}  // namespace gasper::control
