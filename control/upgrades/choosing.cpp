#include "control/upgrades/choosing.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/model/service_version.hpp"

namespace gasper::control {

namespace {

constexpr std::int64_t restore_log = 256ll << 20;  // what a server writes beside its data while it is filled

double in_gib(std::int64_t bytes) {
    return static_cast<double>(bytes) / (1 << 30);
}

std::string versions_of(const runtime::service_kind& kind) {
    std::string text;
    for (const auto& v : kind.versions)
        text += (text.empty() ? "" : ", ") + v;
    return text;
}

}  // namespace

result<chosen_upgrade> choose_upgrade(const runtime::service_kind& kind, const service& s, const std::string& version) {
    if (version.empty()) return chosen_upgrade{.transfers = false, .version = s.version};
    if (std::find(kind.versions.begin(), kind.versions.end(), version) == kind.versions.end())
        return fail(errc::invalid, "service_version",
                    fmt::format("{} has no version '{}' here; there is {}", kind.title, version, versions_of(kind)));
    if (version == s.version)
        return fail(errc::invalid, "same_version",
                    fmt::format("{0} is of version {1} already; services:upgrade {0} without --version brings the "
                                "newest packages of it",
                                s.name, version));
    if (compare_versions(version, s.version) <= 0)
        return fail(errc::invalid, "service_downgrade",
                    fmt::format("{} is of version {}: a server of {} does not read what a newer one wrote", s.name,
                                s.version, version));
    return chosen_upgrade{.transfers = true, .version = version};
}

result<> check_upgrade_room(const std::string& service, std::int64_t size, std::int64_t available) {
    const auto needed = size + size / 10 + restore_log;
    if (available >= needed) return {};
    return fail(errc::conflict, "disk_full",
                fmt::format("the data of {} is there twice until the upgrade is confirmed: {:.1f} GiB are needed, "
                            "{:.1f} GiB are free",
                            service, in_gib(needed), in_gib(available)));
}

}  // namespace gasper::control
