#include "runtime/host/overlay.hpp"

#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>

namespace gasper::runtime {

namespace fs = std::filesystem;

namespace {

error failed(const fs::path& where, const std::string& why) {
    return fail(errc::failed, "app_directory", where.string() + ": " + why);
}

// Overlay's option string gives these a meaning of their own.
bool plain(const fs::path& p) {
    return p.native().find_first_of(",:\\") == std::string::npos;
}

bool mount_overlay(const fs::path& lower, const app_directory& d) {
    const auto upper = d.root / "upper", work = d.root / "work";
    if (!plain(lower) || !plain(upper)) return false;
    const std::string options =
        "lowerdir=" + lower.string() + ",upperdir=" + upper.string() + ",workdir=" + work.string();
    if (options.size() > 4000) return false;
    return ::mount("overlay", d.app.c_str(), "overlay", MS_NOSUID | MS_NODEV, options.c_str()) == 0;
}

result<> give_to(const fs::path& p, unsigned uid, unsigned gid) {
    if (::geteuid() != 0) return {};
    if (::lchown(p.c_str(), uid, gid) != 0) return failed(p, std::strerror(errno));
    return {};
}

result<> copy_release(const fs::path& release, const app_directory& d, unsigned uid, unsigned gid) {
    std::error_code ec;
    fs::copy(release, d.app, fs::copy_options::recursive | fs::copy_options::copy_symlinks, ec);
    if (ec) return failed(d.app, ec.message());
    for (const auto& entry : fs::recursive_directory_iterator(d.app, ec))
        if (auto ok = give_to(entry.path(), uid, gid); !ok) return ok;
    return {};
}

// "\040" for a space and the like, as the kernel writes paths.
std::string unescape(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\' && i + 3 < text.size()) {
            out += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
            i += 3;
        } else {
            out += text[i];
        }
    }
    return out;
}

std::string own_mountinfo() {
    std::ifstream file("/proc/self/mountinfo");
    return {std::istreambuf_iterator<char>(file), {}};
}

bool is_below(const fs::path& p, const fs::path& directory) {
    const auto& a = p.native();
    const auto& b = directory.native();
    return a == b || (a.starts_with(b) && a.size() > b.size() && a[b.size()] == '/');
}

}  // namespace

result<app_directory> make_app_directory(const fs::path& instances, const std::string& name, const fs::path& release,
                                         unsigned uid, unsigned gid) {
    app_directory d{instances / name, instances / name / "app"};
    std::error_code ec;
    if (!fs::is_directory(release, ec)) return failed(release, "the release directory is not there");
    for (const auto& p : {d.app, d.root / "upper", d.root / "work"}) {
        fs::create_directories(p, ec);
        if (ec) return failed(p, ec.message());
    }
    for (const auto& p : {d.app, d.root / "upper"})
        if (auto ok = give_to(p, uid, gid); !ok) return ok.error();
    if (mount_overlay(release, d)) return d;
    d.copied = true;
    if (auto ok = copy_release(release, d, uid, gid); !ok) {
        (void)remove_app_directory(instances, name);
        return ok.error();
    }
    return d;
}

result<> remove_app_directory(const fs::path& instances, const std::string& name) {
    const auto root = instances / name;
    for (const auto& point : mounts_below(own_mountinfo(), root))
        if (::umount2(point.c_str(), MNT_DETACH) != 0 && errno != EINVAL && errno != ENOENT)
            return failed(point, std::string("unmount: ") + std::strerror(errno));
    std::error_code ec;
    fs::remove_all(root, ec);
    if (ec) return failed(root, ec.message());
    return {};
}

std::vector<std::string> list_app_directories(const fs::path& instances) {
    std::vector<std::string> names;
    std::error_code ec;
    for (const auto& entry : fs::directory_iterator(instances, ec))
        names.push_back(entry.path().filename().string());
    return names;
}

std::vector<fs::path> mounts_below(std::string_view mountinfo, const fs::path& directory) {
    std::vector<fs::path> found;
    std::istringstream lines{std::string(mountinfo)};
    std::string line;
    while (std::getline(lines, line)) {
        std::istringstream fields(line);
        std::string id, parent, device, root, point;
        if (!(fields >> id >> parent >> device >> root >> point)) continue;
        const fs::path p = unescape(point);
        if (is_below(p, directory)) found.push_back(p);
    }
    // Later mounts lie on top of earlier ones.
    std::reverse(found.begin(), found.end());
    return found;
}

}  // namespace gasper::runtime
