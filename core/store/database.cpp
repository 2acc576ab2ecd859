#include "core/store/database.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <sqlite3.h>

#include <stdexcept>

#include "core/store/migrations.hpp"

namespace gasper {

namespace {

void migrate(SQLite::Database& db) {
    const auto steps = store::migrations();
    const int have = db.execAndGet("PRAGMA user_version").getInt();
    if (have > static_cast<int>(steps.size()))
        throw std::runtime_error("gasper.db was written by a newer Gasper (schema " + std::to_string(have) + ")");
    for (std::size_t next = static_cast<std::size_t>(have); next < steps.size(); ++next) {
        SQLite::Transaction step(db, SQLite::TransactionBehavior::IMMEDIATE);
        db.exec(steps[next]);
        db.exec("PRAGMA user_version = " + std::to_string(next + 1));
        step.commit();
    }
}

}  // namespace

database::database(const std::filesystem::path& file)
    : connection_(
          std::make_unique<SQLite::Database>(file.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, 5000)) {
    try {
        prepare(file);
    } catch (...) {
        rethrow(std::current_exception());
    }
}

void database::prepare(const std::filesystem::path& file) {
    std::filesystem::permissions(file, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    connection_->exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;");
    // Its files stay at the end of a process: the next one can open the store on a disk that is full by then.
    int persist = 1;
    sqlite3_file_control(connection_->getHandle(), nullptr, SQLITE_FCNTL_PERSIST_WAL, &persist);
    migrate(*connection_);
}

database::~database() = default;

void database::rethrow(const std::exception_ptr& fault) {
    try {
        std::rethrow_exception(fault);
    } catch (const SQLite::Exception& e) {
        const bool full = e.getErrorCode() == SQLITE_FULL || e.getExtendedErrorCode() == SQLITE_IOERR_SHMSIZE;
        if (!full) throw;
        throw refusal(fail(errc::unavailable, "disk_full", "the server's disk is full: nothing was changed"));
    }
}

// With WAL the file is whole at any level of `synchronous`; FULL also waits for the disk at each commit.
database::writing::writing(database& d, bool waits_for_disk) : d_(d) {
    d_.connection_->exec(waits_for_disk ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
    d_.connection_->exec("BEGIN IMMEDIATE");
}

void database::writing::commit() {
    d_.connection_->exec("COMMIT");
    done_ = true;
}

database::writing::~writing() {
    if (!done_) d_.connection_->tryExec("ROLLBACK");
}

}  // namespace gasper
