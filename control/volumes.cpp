#include "control/volumes.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <unistd.h>

#include <cstring>
#include <nlohmann/json.hpp>

#include "control/platform.hpp"
#include "control/release_jobs.hpp"
#include "control/volume_mounts.hpp"
#include "core/base/crypto.hpp"
#include "core/store/apps.hpp"
#include "core/store/audit.hpp"
#include "core/store/volumes.hpp"

namespace gasper::control {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_mounts = 10;  // per app
const std::string gone_prefix = ".gone-";

error no_such_volume(const std::string& name) {
    return fail(errc::not_found, "volume_not_found", "there is no volume '" + name + "' that you may use");
}

// The directory of a volume that is being made: one that something is in already may be somebody's data.
result<> make_directory(const fs::path& at, unsigned uid, unsigned gid) {
    std::error_code ec;
    fs::create_directories(at, ec);
    if (ec) return fail(errc::failed, "volume_directory", at.string() + ": " + ec.message());
    if (!fs::is_empty(at, ec) || ec)
        return fail(errc::conflict, "volume_directory", at.string() + " is there already and not empty: move it away");
    fs::permissions(at, fs::perms::owner_all | fs::perms::group_read | fs::perms::group_exec, ec);
    if (::geteuid() == 0 && ::lchown(at.c_str(), uid, gid) != 0)
        return fail(errc::failed, "volume_directory", at.string() + ": " + std::strerror(errno));
    return {};
}

fs::path gone_directory(const parts& p, const std::string& name) {
    return p.settings.data / "volumes" / (gone_prefix + name + "." + random_hex(4));
}

}  // namespace

fs::path volume_directory(const parts& p, const std::string& volume) {
    return p.settings.data / "volumes" / volume;
}

task<std::vector<runtime::host_mount>> mounts_for(parts& p, std::string app, int version) {
    const auto mounts = co_await p.db.read([&](SQLite::Database& db) { return store::mounts_of(db, app, version); });
    std::vector<runtime::host_mount> out;
    for (const auto& m : mounts)
        out.push_back({.from = volume_directory(p, m.volume).string(), .to = m.path});
    co_return out;
}

task<bool> shares_volume(parts& p, release_id serving, release_id next) {
    auto [before, after] = co_await p.db.read([serving, next](SQLite::Database& db) {
        return std::pair(store::mounts_of(db, serving), store::mounts_of(db, next));
    });
    for (const auto& a : after)
        for (const auto& b : before)
            if (a.volume == b.volume) co_return true;
    co_return false;
}

// A directory set aside is a destruction that was asked for: its row goes first, then what was in it.
task<> finish_destroyed_volumes(parts& p) {
    std::vector<fs::path> aside;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(p.settings.data / "volumes", ignored))
        if (entry.path().filename().string().starts_with(gone_prefix)) aside.push_back(entry.path());
    for (const auto& path : aside) {
        const auto name = path.stem().string().substr(gone_prefix.size());
        const bool there = fs::exists(volume_directory(p, name), ignored);
        co_await p.db.transaction([&](SQLite::Database& db) {
            const auto v = store::find_volume(db, name);
            if (!v || there) return;
            store::remove_volume(db, v->id);
            store::add_audit(db, "gasper", "volume.destroyed", "", name);
        });
        co_await p.files.run([&path] {
            std::error_code failed;
            fs::remove_all(path, failed);
        });
    }
}

task<result<volume>> volumes::authorize(identity who, std::string name) {
    auto found =
        co_await platform_.shared().db.read([&](SQLite::Database& db) { return store::find_volume(db, name); });
    if (!found || !(who.admin || found->owner == who.id)) co_return no_such_volume(name);
    co_return std::move(*found);
}

task<result<volume>> volumes::create(identity who, std::string name) {
    if (auto fits = check_volume_name(name); !fits) co_return fits.error();
    auto& p = platform_.shared();
    const auto taken = co_await p.db.read([&](SQLite::Database& db) { return store::find_volume(db, name); });
    if (taken) co_return fail(errc::conflict, "volume_exists", "the name '" + name + "' is taken; choose another");
    auto made = co_await p.files.run(
        [&] { return make_directory(volume_directory(p, name), p.settings.app_uid, p.settings.app_gid); });
    if (!made) co_return made.error();
    co_return co_await p.db.transaction([&](SQLite::Database& db) -> result<volume> {
        if (store::find_volume(db, name))
            return fail(errc::conflict, "volume_exists", "the name '" + name + "' is taken; choose another");
        store::add_volume(db, name, who.id);
        store::add_audit(db, who.name, "volume.created", "", name);
        return *store::find_volume(db, name);
    });
}

task<result<std::vector<volume>>> volumes::list(identity who, std::string app) {
    if (!app.empty()) {
        auto found = co_await platform_.apps().authorize(who, app);
        if (!found) co_return found.error();
    }
    auto all = co_await platform_.shared().db.read([](SQLite::Database& db) { return store::all_volumes(db); });
    std::erase_if(all, [&](const volume& v) { return app.empty() ? !(who.admin || v.owner == who.id) : v.app != app; });
    co_return all;
}

task<result<>> volumes::destroy(identity who, std::string name, std::string confirm) {
    auto found = co_await authorize(who, name);
    if (!found) co_return found.error();
    if (confirm != name)
        co_return fail(errc::invalid, "confirm_mismatch",
                       "destroying a volume cannot be undone; confirm with its name: " + name);
    auto& p = platform_.shared();
    const auto aside = gone_directory(p, name);
    // Set aside inside the transaction: from here on a restart finishes what was begun, and nobody mounts it any more.
    auto removed = co_await p.db.transaction([&](SQLite::Database& db) -> result<> {
        if (store::volume_in_use(db, found->id))
            return fail(errc::conflict, "volume_in_use",
                        name + " is mounted" + (found->app.empty() ? "" : " in " + found->app) + "; unmount it first");
        std::error_code ec;
        fs::rename(volume_directory(p, name), aside, ec);
        if (ec && ec != std::errc::no_such_file_or_directory)
            return fail(errc::failed, "volume_directory", name + ": " + ec.message());
        store::remove_volume(db, found->id);
        store::add_audit(db, who.name, "volume.destroyed", "", name);
        return {};
    });
    if (!removed) co_return removed.error();
    co_await p.files.run([&aside] {
        std::error_code ignored;
        fs::remove_all(aside, ignored);
    });
    co_return result<>();
}

task<result<job_id>> volumes::mount(identity who, std::string name, std::string app_name, std::string path) {
    auto v = co_await authorize(who, name);
    if (!v) co_return v.error();
    if (auto fits = check_mount_path(path); !fits) co_return fits.error();
    auto found = co_await platform_.apps().authorize(who, app_name);
    if (!found) co_return found.error();
    if (!v->app.empty())
        co_return fail(errc::conflict, "volume_in_use", name + " is mounted in " + v->app + " already, at " + v->path);
    auto& p = platform_.shared();
    const auto there = co_await p.db.read([&](SQLite::Database& db) { return store::mounts_of(db, found->current); });
    if (there.size() >= most_mounts)
        co_return fail(errc::conflict, "too_many_mounts",
                       "an app has at most " + std::to_string(most_mounts) + " volumes");
    for (const auto& m : there)
        if (m.path == path) co_return fail(errc::conflict, "mount_path_taken", m.volume + " is mounted at " + path);
    volume_mount what{.volume = name, .path = path};
    co_return co_await start_mount_job(p, *found, who.name, std::move(what), true);
}

task<result<job_id>> volumes::unmount(identity who, std::string name, std::string app_name) {
    auto v = co_await authorize(who, name);
    if (!v) co_return v.error();
    auto found = co_await platform_.apps().authorize(who, app_name);
    if (!found) co_return found.error();
    if (v->app != app_name)
        co_return fail(errc::conflict, "volume_not_mounted", name + " is not mounted in " + app_name);
    volume_mount what{.volume = name, .path = v->path};
    co_return co_await start_mount_job(platform_.shared(), *found, who.name, std::move(what), false);
}

}  // namespace gasper::control
