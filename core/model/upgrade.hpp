// A service whose data was brought to another version: what stands beside it from before, as values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/model/service.hpp"

namespace gasper {

/// What becomes of the two directories of a service, the one it serves and the kept one.
enum class upgrade_state {
    arriving,   // the upgraded data is about to take the place of the data before
    kept,       // the upgraded data serves, the data before is kept
    returning,  // the data before is about to take its place again
    leaving     // what is kept is being removed
};
std::string_view to_string(upgrade_state s) noexcept;
std::optional<upgrade_state> upgrade_state_of(std::string_view text) noexcept;

struct upgrade {
    service_id service;
    std::string before, after;  // versions: "15", "17"
    std::string directory;      // beside the service's own: "kept-1a2b3c4d"
    upgrade_state state{upgrade_state::arriving};
    std::uint64_t inode{0};  // while it arrives or returns: of the directory that is about to be the service's own
    job_id job;              // that makes it arrive or return
    std::int64_t size{0};    // of the data before, bytes
    sys_time created{};      // when the upgraded data took its place
};

}  // namespace gasper
