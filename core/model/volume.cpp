#include "core/model/volume.hpp"

#include <algorithm>
#include <array>
#include <filesystem>

#include "core/model/letters.hpp"

namespace gasper {

namespace {

error wrong_path(const std::string& why) {
    return fail(errc::invalid, "mount_path_invalid", "the path inside the app " + why + ", such as /app/storage");
}

}  // namespace

result<> check_volume_name(const std::string& name) {
    const bool fits =
        !name.empty() && name.size() <= 63 && lower(name.front()) &&
        std::all_of(name.begin(), name.end(), [](char c) { return lower(c) || digit(c) || c == '-' || c == '_'; });
    if (fits) return {};
    return fail(errc::invalid, "volume_name_invalid",
                "a volume's name is 1 to 63 of a-z, 0-9, - and _, and begins with a letter");
}

result<> check_mount_path(const std::string& path) {
    constexpr std::array system{"/proc", "/sys", "/dev",   "/etc",  "/usr", "/bin",
                                "/sbin", "/lib", "/lib64", "/boot", "/run"};
    if (path.size() > 255 || !path.starts_with('/')) return wrong_path("begins with / and has at most 255 bytes");
    const bool plain = std::all_of(path.begin(), path.end(), [](char c) {
        return letter(c) || digit(c) || c == '.' || c == '_' || c == '-' || c == '/';
    });
    if (!plain) return wrong_path("holds only letters, digits and . _ - /");
    if (std::filesystem::path(path).lexically_normal().string() != path || path.ends_with('/'))
        return wrong_path("is written without . and .., and without a / too many");
    if (path == "/app" || path == "/tmp") return wrong_path("is not " + path + " itself");
    for (const std::string own : system)
        if (path == own || path.starts_with(own + "/")) return wrong_path("is not below the system's own " + own);
    return {};
}

}  // namespace gasper
