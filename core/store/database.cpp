#include "core/store/database.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

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
    std::filesystem::permissions(file, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    connection_->exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;");
    migrate(*connection_);
}

database::~database() = default;

database::writing::writing(database& d) : d_(d) {
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
