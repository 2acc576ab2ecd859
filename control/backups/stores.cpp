#include "control/backups/stores.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <algorithm>

#include "control/audit.hpp"
#include "control/backups/places.hpp"
#include "control/platform.hpp"
#include "core/store/backups.hpp"

namespace gasper::control {

namespace {

using std::chrono::seconds;

error only_admins() {
    return fail(errc::forbidden, "admins_only", "only an admin gives or removes a store for backups");
}

bool is_plain(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
}

result<> check(const backup_store& s) {
    if (auto fits = check_service_name(s.name); !fits) return fits.error();
    if (s.name == "local") return fail(errc::conflict, "backup_store_exists", "\"local\" is this machine's own");
    if (s.region.empty() || s.region.size() > 64 || !std::all_of(s.region.begin(), s.region.end(), is_plain))
        return fail(errc::invalid, "backup_store", "the region is a word such as us-east-1");
    const auto is_key = [](const std::string& k) {
        return !k.empty() && k.size() <= 256 &&
               std::all_of(k.begin(), k.end(), [](char c) { return c > ' ' && c < 0x7f; });
    };
    if (!is_key(s.access_key) || !is_key(s.secret_key))
        return fail(errc::invalid, "backup_store", "an access key and a secret key are needed, without blanks");
    return {};
}

// What is written comes back, and can be removed.
task<result<>> try_out(parts& p, backup_store store) {
    const auto until = deadline::after(seconds(60));
    auto place = s3_place(p.files, store);
    if (!place) co_return place.error();
    const std::string object = "try-" + random_hex(8), content = random_hex(16);
    auto sink = co_await (*place)->create(object, until);
    if (!sink) co_return sink.error();
    auto written = co_await (*sink)->write(content, until);
    if (written) written = co_await (*sink)->commit(until);
    if (!written) co_return written;
    auto source = co_await (*place)->open(object, until);
    if (!source) co_return source.error();
    auto back = co_await (*source)->read(until);
    if (!back) co_return back.error();
    if (*back != content)
        co_return fail(errc::failed, "backup_store", "the store gave back something else than it got");
    co_return co_await (*place)->remove(object, until);
}

}  // namespace

result<> parse_store_url(const std::string& url, backup_store& into) {
    const auto bad = fail(errc::invalid, "backup_store", "a store is given as s3://BUCKET[/PREFIX]");
    if (!url.starts_with("s3://") || url.size() > 300) return bad;
    const auto slash = std::min(url.find('/', 5), url.size());
    into.bucket = url.substr(5, slash - 5);
    into.prefix = slash < url.size() ? url.substr(slash + 1) : std::string();
    while (into.prefix.ends_with('/'))
        into.prefix.pop_back();
    const auto fits = [](char c) { return is_plain(c) || c == '/' || c == '_' || (c >= 'A' && c <= 'Z'); };
    const bool good = into.bucket.size() >= 3 && into.bucket.size() <= 63 && into.prefix.size() <= 200 &&
                      std::all_of(into.bucket.begin(), into.bucket.end(), is_plain) && into.bucket.front() != '.' &&
                      std::all_of(into.prefix.begin(), into.prefix.end(), fits) && !into.prefix.starts_with('/') &&
                      ("/" + into.prefix + "/").find("/../") == std::string::npos;
    if (!good) return bad;
    return {};
}

std::string url_of(const backup_store& s) {
    return "s3://" + s.bucket + (s.prefix.empty() ? "" : "/" + s.prefix);
}

task<result<>> backup_stores::add(identity who, backup_store store, std::string url) {
    if (!who.admin) co_return only_admins();
    if (auto parsed = parse_store_url(url, store); !parsed) co_return parsed.error();
    if (auto fits = check(store); !fits) co_return fits.error();
    auto& p = platform_.shared();
    auto usable = co_await try_out(p, store);
    if (!usable) co_return usable;
    store.created = now();
    auto added = co_await p.db.transaction([&](SQLite::Database& db) -> result<> {
        const auto all = store::all_backup_stores(db);
        if (all.size() >= most) return fail(errc::conflict, "too_many_stores", "there are too many stores");
        for (const auto& other : all)
            if (other.name == store.name)
                return fail(errc::conflict, "backup_store_exists", "there is a store " + store.name);
        store::add_backup_store(db, p.box, store);
        return {};
    });
    if (added) co_await record(p, who.name, "backup_store.added", "", store.name + ", " + url);
    co_return added;
}

task<result<std::vector<backup_store>>> backup_stores::list(identity) {
    co_return co_await platform_.shared().db.read([](SQLite::Database& db) { return store::all_backup_stores(db); });
}

task<result<>> backup_stores::remove(identity who, std::string name) {
    if (!who.admin) co_return only_admins();
    auto& p = platform_.shared();
    auto removed = co_await p.db.transaction([&](SQLite::Database& db) -> result<> {
        if (!store::find_backup_store(db, p.box, name))
            return fail(errc::not_found, "backup_store_not_found", "there is no store '" + name + "'");
        if (const int users = store::users_of_backup_store(db, name); users > 0)
            return fail(errc::conflict, "backup_store_used",
                        std::to_string(users) + " backups, schedules or archives are in " + name);
        store::remove_backup_store(db, name);
        return {};
    });
    if (removed) co_await record(p, who.name, "backup_store.removed", "", name);
    co_return removed;
}

}  // namespace gasper::control
