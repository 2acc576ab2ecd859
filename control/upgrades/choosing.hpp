// What an upgrade of a service may be, and the room that it needs. Values; any thread.
#pragma once

#include <cstdint>
#include <string>

#include "core/base/error.hpp"
#include "core/model/service.hpp"
#include "runtime/services/kind.hpp"

namespace gasper::control {

struct chosen_upgrade {
    bool transfers{false};  // to another version of the kind, by dump and restore; else the image is made anew
    std::string version;
};

/// `version`: empty for the newest packages of the version that it has. Refuses what its kind does not have, what it
/// has already, and what is older.
result<chosen_upgrade> choose_upgrade(const runtime::service_kind& kind, const service& s, const std::string& version);

/// Data of this size, bytes, is there once more, with the log of its restore. Errors: conflict "disk_full".
result<> check_upgrade_room(const std::string& service, std::int64_t size, std::int64_t available);

}  // namespace gasper::control
