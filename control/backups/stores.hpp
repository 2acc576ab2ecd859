// S3-compatible stores that backups may go to: an admin gives them, everybody may use them by name. All functions run
// on the control executor.
#pragma once

#include <string>
#include <vector>

#include "control/identity.hpp"
#include "core/base/asio.hpp"
#include "core/base/error.hpp"
#include "core/model/backup.hpp"

namespace gasper::control {

class platform;

class backup_stores {
 public:
    static constexpr std::size_t most = 20;

    explicit backup_stores(platform& p) : platform_(p) {}

    /// `url`: "s3://BUCKET[/PREFIX]". Writes, reads and removes an object first: a store that cannot be used is
    /// refused.
    task<result<>> add(identity who, backup_store store, std::string url);
    /// Without secrets.
    task<result<std::vector<backup_store>>> list(identity who);
    /// errc::conflict while a backup is in it or a schedule goes there.
    task<result<>> remove(identity who, std::string name);

 private:
    platform& platform_;
};

/// "s3://BUCKET[/PREFIX]": a bucket of 3 … 63 of a-z, 0-9, '.', '-'; a prefix of at most 200 of A-Z, a-z, 0-9, '/',
/// '.',
/// '-', '_'.
result<> parse_store_url(const std::string& url, backup_store& into);
/// What parse_store_url reads.
std::string url_of(const backup_store& s);

}  // namespace gasper::control
