// SQLite behind one thread: every access is a function that runs on the store's own thread with the open database.
// WAL, synchronous=FULL (but for mark()), foreign keys, STRICT tables; migrations are numbered and run at open.
#pragma once

#include <exception>
#include <filesystem>
#include <memory>

#include "core/base/asio.hpp"
#include "core/base/blocking.hpp"
#include "core/base/error.hpp"

namespace SQLite {
class Database;
}

namespace gasper {

class database {
 public:
    /// Opens or creates the file and runs the migrations. Throws when that cannot be done, and when the file is newer
    /// than this program; on a full disk the refusal "disk_full".
    explicit database(const std::filesystem::path& file);
    ~database();

    /// Runs fn(SQLite::Database&) in one transaction (rolled back when it throws) on the store's thread. A disk without
    /// room for it is a refusal, thrown as one: "disk_full".
    template <class F>
    auto transaction(F fn) {
        return write(std::move(fn), true);
    }

    /// The same for marks of progress, which the next start settles anyway: it outlives the end of this program, but a
    /// loss of power only once a transaction() has followed. So it does not wait for the disk, which takes
    /// milliseconds.
    template <class F>
    auto mark(F fn) {
        return write(std::move(fn), false);
    }

    /// The same without a transaction: for single reads.
    template <class F>
    auto read(F fn) {
        return thread_.run([this, fn = std::move(fn)]() mutable { return fn(connection()); });
    }

 private:
    void prepare(const std::filesystem::path& file);
    [[noreturn]] static void rethrow(const std::exception_ptr& fault);

    template <class F>
    auto write(F fn, bool waits_for_disk) {
        return thread_.run([this, waits_for_disk, fn = std::move(fn)]() mutable {
            try {
                writing w(*this, waits_for_disk);
                if constexpr (std::is_void_v<std::invoke_result_t<F, SQLite::Database&>>) {
                    fn(connection());
                    w.commit();
                } else {
                    auto value = fn(connection());
                    w.commit();
                    return value;
                }
            } catch (...) {
                rethrow(std::current_exception());
            }
        });
    }

    class writing {
     public:
        writing(database& d, bool waits_for_disk);
        ~writing();
        void commit();

     private:
        database& d_;
        bool done_{false};
    };
    SQLite::Database& connection() { return *connection_; }

    std::unique_ptr<SQLite::Database> connection_;
    blocking_pool thread_{"store", 1};
};

}  // namespace gasper
