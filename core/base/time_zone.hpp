// A time zone of the IANA database, from its compiled file (TZif, RFC 8536): values, no clock is read. GCC 12's chrono
// has no time zones of its own.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"

namespace gasper {

/// What the clock on the wall shows, as seconds since its 1970-01-01 00:00.
using local_seconds = std::chrono::local_seconds;

class time_zone {
 public:
    /// UTC.
    time_zone() = default;
    /// Bounded: at most 64 KiB, 2,000 transitions. Years after the file's last transition, up to 2100, follow its
    /// footer.
    static result<time_zone> parse(std::string_view tzif);

    /// Local time minus UTC.
    std::chrono::seconds offset_at(std::chrono::sys_seconds at) const;

    /// When the wall clock shows `local`: first == last but for a time that comes twice. One that is skipped: both are
    /// the moment right after the gap.
    struct moments {
        std::chrono::sys_seconds first, last;
    };
    moments find(local_seconds local) const;

 private:
    struct transition {
        std::chrono::sys_seconds at;
        std::chrono::seconds offset;  // from then on
    };
    friend class tzif_reader;

    std::chrono::seconds before_{0};  // the first transition
    std::vector<transition> transitions_;
};

/// By its name in the database ("Europe/Berlin", "UTC"). Reads a file: call on a blocking pool.
result<time_zone> load_time_zone(const std::string& name,
                                 const std::filesystem::path& database = "/usr/share/zoneinfo");

}  // namespace gasper
