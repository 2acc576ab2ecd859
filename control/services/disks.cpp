#include "control/services/disks.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "control/backups/backup_jobs.hpp"
#include "control/backups/beside.hpp"
#include "control/backups/room.hpp"
#include "control/services/lifecycle.hpp"
#include "core/base/rounds.hpp"
#include "core/store/services.hpp"

namespace gasper::control {

namespace {

constexpr int low_percent = 90, recovered_percent = 85;

// Throw-away servers are no growth of it.
std::int64_t size_of_service(const std::filesystem::path& at) {
    std::int64_t bytes = 0;
    std::error_code ec;
    std::filesystem::directory_iterator each(at, ec);
    for (; !ec && each != std::filesystem::directory_iterator(); each.increment(ec))
        if (!is_beside(each->path().filename().string())) bytes += size_of_tree(each->path());
    return bytes;
}

bool is_low(const service_disk& d) {
    const auto line = d.low ? recovered_percent : low_percent;
    return d.limit > 0 && d.used * 100 >= d.limit * line;
}

task<> tell_of_disk(parts& p, service s, service_disk d) {
    constexpr double mib = 1 << 20;
    auto detail = fmt::format("its files take {:.0f} MiB of the {:.0f} MiB of its plan {}",
                              static_cast<double>(d.used) / mib, static_cast<double>(d.limit) / mib, s.plan);
    std::string action = d.low ? "service.disk_low" : "service.disk_recovered";
    co_await tell_backup_event(p, std::move(action), s.name, std::move(detail));
}

task<> look_at_disk_of(parts& p, service s) {
    const auto look = [at = service_directory(p, s.name)] { return size_of_service(at); };
    const auto used = co_await p.files.run(look);
    auto& known = p.service_servers.disks[s.name];
    known.used = used;
    const auto* plan = kind_of(s).plan(s.plan);
    known.limit = plan ? plan->disk_bytes : 0;
    auto now = known;
    now.low = is_low(known);
    if (now.low == known.low) co_return;
    // One that cannot be written down is told the next time.
    co_await tell_of_disk(p, s, now);
    p.service_servers.disks[s.name].low = now.low;
}

}  // namespace

task<> look_at_service_disks(parts& p) {
    auto all = co_await p.db.read([](SQLite::Database& db) { return store::all_services(db); });
    std::erase_if(all, [](const service& s) { return !s.made; });
    std::erase_if(p.service_servers.disks, [&all](const auto& d) {
        return std::none_of(all.begin(), all.end(), [&d](const service& s) { return s.name == d.first; });
    });
    for (const auto& s : all)
        co_await look_at_disk_of(p, s);
}

task<> watch_service_disks(parts& p) {
    auto turn = [&p] { return look_at_service_disks(p); };
    co_await repeat(p.log, "disks of databases", std::chrono::minutes(1), std::move(turn));
}

}  // namespace gasper::control
