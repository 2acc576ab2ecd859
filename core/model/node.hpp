// A machine with a Docker Engine, as a value: what it has, what it uses, what it is.
#pragma once

#include <map>
#include <string>
#include <string_view>

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

/// Name → value: "disk" → "ssd".
using node_labels = std::map<std::string, std::string>;

struct node {
    std::string name;
    node_state state{node_state::active};
    resources capacity;  // the whole machine
    resources measured;  // in use now, by anything
    node_labels labels;
    std::string engine;   // "20.10.24"
    std::string address;  // where its instances are reached from the router; empty: on this machine
};

}  // namespace gasper
