// Named volumes and where a release has them, as values.
#pragma once

#include <string>

#include "core/base/error.hpp"
#include "core/model/model.hpp"

namespace gasper {

using volume_id = id<struct volume_tag>;

struct volume {
    volume_id id;
    std::string name;
    user_id owner;
    sys_time created{};
    std::string app;   // that has it mounted now; empty: none
    std::string path;  // where
};

/// A volume at a path inside the containers of a release.
struct volume_mount {
    std::string volume;  // its name
    std::string path;    // "/app/storage"
    bool operator==(const volume_mount&) const = default;
};

/// 1 … 63 of a-z, 0-9, '-', '_', beginning with a letter.
result<> check_volume_name(const std::string& name);

/// Absolute, normal, at most 255 of A-Z, a-z, 0-9, '.', '_', '-' and '/'; below /app, or beside the system's own
/// directories.
result<> check_mount_path(const std::string& path);

}  // namespace gasper
