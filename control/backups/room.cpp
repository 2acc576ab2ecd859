#include "control/backups/room.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "control/services/lifecycle.hpp"

namespace gasper::control {

namespace {

namespace fs = std::filesystem;

// What a server writes beside its data while it is filled: its beginnings, and a log that grows with what comes.
constexpr std::int64_t least_log = 64ll << 20, most_log = 256ll << 20;

double in_gib(std::int64_t bytes) {
    return static_cast<double>(bytes) / (1 << 30);
}

}  // namespace

std::int64_t size_of_tree(const fs::path& at) {
    std::int64_t bytes = 0;
    std::error_code ec;
    fs::recursive_directory_iterator each(at, fs::directory_options::skip_permission_denied, ec);
    for (; !ec && each != fs::recursive_directory_iterator(); each.increment(ec)) {
        std::error_code gone;  // a server may be at work there
        const auto size = each->is_regular_file(gone) && !gone ? each->file_size(gone) : 0;
        if (!gone) bytes += static_cast<std::int64_t>(size);
    }
    return bytes;
}

task<disk_use> look_at_disk(parts& p, std::string service) {
    const auto look = [at = service_directory(p, service) / "data"] {
        std::error_code ec;
        disk_use use;
        use.data = size_of_tree(at);
        const auto space = fs::space(at, ec);
        if (!ec) use.available = static_cast<std::int64_t>(space.available);
        return use;
    };
    co_return co_await p.files.run(look);
}

result<> check_room(const std::string& why, std::int64_t size, std::int64_t available) {
    const auto needed = size + size / 10 + std::min(most_log, least_log + size);
    if (available >= needed) return {};
    return fail(errc::conflict, "disk_full",
                fmt::format("{}: {:.1f} GiB are needed, {:.1f} GiB are free", why, in_gib(needed), in_gib(available)));
}

task<result<>> check_room_beside(parts& p, std::string service, std::int64_t size) {
    const auto look = [at = service_directory(p, service)] {
        std::error_code ec;
        const auto space = fs::space(at, ec);
        return ec ? std::optional<std::int64_t>() : static_cast<std::int64_t>(space.available);
    };
    const auto available = co_await p.files.run(look);
    if (!available) co_return result<>();
    co_return check_room("a server with this data is started beside " + service, size, *available);
}

}  // namespace gasper::control
