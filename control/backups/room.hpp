// The room that a copy of a service's data needs, looked at before it is begun. For control's own sources.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "control/parts.hpp"

namespace gasper::control {

struct disk_use {
    std::int64_t data{0}, available{0};  // bytes
};

/// Bytes of all files below; what cannot be read counts nothing. Blocks.
std::int64_t size_of_tree(const std::filesystem::path& at);
/// What a service has, and what is free where services are.
task<disk_use> look_at_disk(parts& p, std::string service);

/// Data of this size, bytes, is there once more, with the log of its restore. `why` says for what, for a person.
/// Errors: conflict "disk_full".
result<> check_room(const std::string& why, std::int64_t size, std::int64_t available);
/// The same for a server beside a service, filled with so much, with what is free now. Where the file system does not
/// say what is free there is no refusal: the server itself sees what it has.
task<result<>> check_room_beside(parts& p, std::string service, std::int64_t size);

}  // namespace gasper::control
