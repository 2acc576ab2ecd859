#include "control/upgrades/choosing.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "control/backups/room.hpp"
#include "core/model/service_version.hpp"

namespace gasper::control {

namespace {

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
    return check_room("the data of " + service + " is there twice until the upgrade is confirmed", size, available);
}

}  // namespace gasper::control
