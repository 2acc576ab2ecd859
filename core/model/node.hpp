// A machine with a Docker Engine, as a value: what it has, what it uses, what it is.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/model.hpp"

namespace gasper {

struct resources {
    std::int64_t memory_bytes{0};
    double cpus{0};

    resources& operator+=(const resources& more) {
        memory_bytes += more.memory_bytes;
        cpus += more.cpus;
        return *this;
    }
    resources& operator-=(const resources& less) {
        memory_bytes -= less.memory_bytes;
        cpus -= less.cpus;
        return *this;
    }
    bool operator==(const resources&) const = default;
};

/// draining: what runs there goes elsewhere and nothing new comes. down: it does not answer, what ran there is gone.
enum class node_state { active, draining, down };
constexpr std::string_view to_string(node_state s) noexcept {
    switch (s) {
        case node_state::active:
            return "active";
        case node_state::draining:
            return "draining";
        case node_state::down:
            return "down";
    }
    return "";
}

/// A file system that Gasper or the engine writes to. What root alone may use counts as neither used nor free, as in
/// df.
struct disk_space {
    std::string path;  // where it was looked at
    std::int64_t total_bytes{0}, free_bytes{0};
    std::int64_t total_files{0}, free_files{0};  // inodes; 0: as many as fit
    /// 0 to 1: of space or of inodes, whichever is scarcer.
    double used() const noexcept { return std::max(share(total_bytes, free_bytes), share(total_files, free_files)); }
    bool operator==(const disk_space&) const = default;

 private:
    static double share(std::int64_t total, std::int64_t free) noexcept {
        return total > 0 ? 1.0 - static_cast<double>(free) / static_cast<double>(total) : 0;
    }
};

struct node {
    std::string name;
    node_state state{node_state::active};
    resources capacity;  // the whole machine
    resources measured;  // in use now, by anything
    node_labels labels;
    std::vector<disk_space> disks;  // each file system once
    std::string engine;             // "20.10.24"
    std::string address;            // where its instances are reached from the router; empty: on this machine
};

}  // namespace gasper
