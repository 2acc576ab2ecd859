#include "receiver/git/quarantine.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <vector>

#include "core/base/crypto.hpp"
#include "core/base/handle.hpp"
#include "receiver/git/git_process.hpp"

namespace gasper::receiver {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view prefix = "incoming-";

// A path in GIT_ALTERNATE_OBJECT_DIRECTORIES is quoted when it holds the separator.
std::string as_alternate(const std::string& path) {
    if (path.find_first_of(":\"\\\n") == path.npos) return path;
    std::string quoted = "\"";
    for (char c : path) {
        if (c == '"' || c == '\\') quoted += '\\';
        quoted += c;
    }
    return quoted + '"';
}

bool sync_directory(const fs::path& directory) {
    unique_fd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return fd && ::fsync(fd.get()) == 0;
}

// "incoming-<pid>-<random>": is the process that made it gone?
bool is_left_behind(std::string_view name, bool starting) {
    if (!name.starts_with(prefix)) return false;
    name.remove_prefix(prefix.size());
    int pid = 0;
    const auto [end, ec] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (ec != std::errc() || end == name.data() + name.size() || *end != '-' || pid <= 0) return false;
    if (pid == ::getpid()) return starting;
    return ::kill(pid, 0) != 0 && errno == ESRCH;
}

}  // namespace

result<std::unique_ptr<quarantine>> quarantine::make(const fs::path& repository) {
    const auto name = std::string(prefix) + std::to_string(::getpid()) + "-" + random_hex(8);
    const auto absolute = fs::absolute(repository);
    std::error_code ec;
    std::unique_ptr<quarantine> made(new quarantine(absolute, absolute / "objects" / name));
    fs::create_directories(made->directory_ / "pack", ec);
    if (ec) return fail(errc::unavailable, "quarantine", "no place for the pack: " + ec.message());
    return made;
}

quarantine::~quarantine() {
    std::error_code ignored;
    fs::remove_all(directory_, ignored);
}

std::map<std::string, std::string> quarantine::environment() const {
    auto env = git_environment(repository_);
    env["GIT_OBJECT_DIRECTORY"] = directory_.string();
    env["GIT_ALTERNATE_OBJECT_DIRECTORIES"] = as_alternate((repository_ / "objects").string());
    env["GIT_QUARANTINE_PATH"] = directory_.string();
    return env;
}

result<> quarantine::migrate() {
    const auto to = repository_ / "objects" / "pack";
    std::error_code ec;
    fs::create_directories(to, ec);
    std::vector<fs::path> files;
    for (fs::directory_iterator at(directory_ / "pack", ec), end; !ec && at != end; at.increment(ec))
        if (at->path().filename().string().starts_with("pack-")) files.push_back(at->path());
    // A reader finds a pack by its index: it comes last.
    std::stable_partition(files.begin(), files.end(), [](const fs::path& f) { return f.extension() != ".idx"; });
    for (const auto& file : files)
        if (!ec) fs::rename(file, to / file.filename(), ec);
    if (ec) return fail(errc::unavailable, "quarantine", "the pack cannot be stored: " + ec.message());
    if (!files.empty() && !sync_directory(to))
        return fail(errc::unavailable, "quarantine", "the pack cannot be stored safely");
    return {};
}

void quarantine::sweep(const fs::path& repository, bool starting) {
    std::error_code ec;
    std::vector<fs::path> gone;
    for (fs::directory_iterator at(repository / "objects", ec), end; !ec && at != end; at.increment(ec))
        if (is_left_behind(at->path().filename().string(), starting)) gone.push_back(at->path());
    for (const auto& directory : gone)
        fs::remove_all(directory, ec);
}

}  // namespace gasper::receiver
