#include "runtime/host/cgroup.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <vector>

namespace gasper::runtime {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t largest_file = 64 << 10;

// The kernel's files have no size and are read in one piece.
std::optional<std::string> read_kernel_file(const fs::path& file) {
    const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return std::nullopt;
    std::string text(4096, '\0');
    std::size_t size = 0;
    for (;;) {
        const auto n = ::read(fd, text.data() + size, text.size() - size);
        if (n <= 0) break;
        size += static_cast<std::size_t>(n);
        if (size < text.size()) continue;
        if (size >= largest_file) break;
        text.resize(size * 2);
    }
    ::close(fd);
    text.resize(size);
    return text;
}

std::uint64_t number_at(std::string_view text) {
    std::uint64_t value = 0;
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

template <class F>
void each_line(std::string_view text, F&& take) {
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        take(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
}

bool lists(std::string_view controllers, std::string_view wanted) {
    while (!controllers.empty()) {
        const auto end = std::min(controllers.find(','), controllers.size());
        if (controllers.substr(0, end) == wanted) return true;
        controllers.remove_prefix(std::min(end + 1, controllers.size()));
    }
    return false;
}

// "4:memory:/docker/ab12": number, controllers (none: version 2), path below the hierarchy's root.
struct membership {
    std::string_view controllers, path;
};
std::optional<membership> parse_membership(std::string_view line) {
    const auto first = line.find(':');
    const auto second = first == line.npos ? first : line.find(':', first + 1);
    if (second == line.npos || second + 1 >= line.size()) return std::nullopt;
    return membership{line.substr(first + 1, second - first - 1), line.substr(second + 1)};
}

fs::path below(const fs::path& root, std::string_view path) {
    return root / path.substr(std::min(path.find_first_not_of('/'), path.size()));
}

}  // namespace

std::uint64_t number_of(std::string_view text, std::string_view key) {
    std::uint64_t value = 0;
    each_line(text, [&](std::string_view line) {
        if (line.starts_with(key) && line.size() > key.size() && line[key.size()] == ' ')
            value = number_at(line.substr(key.size()));
    });
    return value;
}

traffic parse_traffic(std::string_view text) {
    traffic all;
    each_line(text, [&](std::string_view line) {
        const auto colon = line.find(':');
        if (colon == line.npos) return;
        auto name = line.substr(0, colon);
        name.remove_prefix(std::min(name.find_first_not_of(' '), name.size()));
        if (name == "lo") return;
        // Bytes are the first of eight numbers received and of eight sent.
        auto rest = line.substr(colon + 1);
        for (int column = 0; column <= 8; ++column) {
            rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
            if (column == 0) all.received += number_at(rest);
            if (column == 8) all.sent += number_at(rest);
            rest.remove_prefix(std::min(rest.find(' '), rest.size()));
        }
    });
    return all;
}

std::optional<container_cgroup> find_cgroup(int pid, std::string_view proc_cgroup, const fs::path& root) {
    container_cgroup found{.pid = pid};
    fs::path unified;
    each_line(proc_cgroup, [&](std::string_view line) {
        const auto m = parse_membership(line);
        if (!m) return;
        if (m->controllers.empty())
            for (const auto& at : {below(root, m->path), below(root / "unified", m->path)})
                if (unified.empty() && fs::exists(at / "cgroup.controllers")) unified = at;
        for (const auto& [controller, into] : {std::pair("memory", &found.memory), std::pair("cpuacct", &found.cpu)})
            if (lists(m->controllers, controller)) *into = below(root / controller, m->path);
    });
    // On a hybrid host version 2 has a tree but counts nothing: only what version 1 lacks is taken from it.
    if (found.memory.empty() && fs::exists(unified / "memory.current")) {
        found.memory = unified;
        found.unified_memory = true;
    }
    if (found.cpu.empty() && !unified.empty()) {
        found.cpu = unified;
        found.unified_cpu = true;
    }
    std::error_code ignored;
    if (!fs::is_directory(found.memory, ignored) || !fs::is_directory(found.cpu, ignored)) return std::nullopt;
    return found;
}

std::optional<container_cgroup> find_cgroup(int pid) {
    const auto text = read_kernel_file("/proc/" + std::to_string(pid) + "/cgroup");
    if (!text) return std::nullopt;
    return find_cgroup(pid, *text, "/sys/fs/cgroup");
}

std::optional<cgroup_usage> read_usage(const container_cgroup& group) {
    const auto memory =
        read_kernel_file(group.memory / (group.unified_memory ? "memory.current" : "memory.usage_in_bytes"));
    const auto memory_stat = read_kernel_file(group.memory / "memory.stat");
    const auto cpu = read_kernel_file(group.cpu / (group.unified_cpu ? "cpu.stat" : "cpuacct.usage"));
    if (!memory || !memory_stat || !cpu) return std::nullopt;
    cgroup_usage u;
    u.cpu_ns = group.unified_cpu ? number_of(*cpu, "usage_usec") * 1000 : number_at(*cpu);
    const auto all = static_cast<std::int64_t>(number_at(*memory));
    const auto* inactive = group.unified_memory ? "inactive_file" : "total_inactive_file";
    u.memory_bytes = std::max<std::int64_t>(0, all - static_cast<std::int64_t>(number_of(*memory_stat, inactive)));
    if (const auto net = read_kernel_file("/proc/" + std::to_string(group.pid) + "/net/dev")) {
        const auto t = parse_traffic(*net);
        u.received = t.received;
        u.sent = t.sent;
    }
    return u;
}

}  // namespace gasper::runtime
