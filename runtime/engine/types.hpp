// What goes to the Docker Engine and comes back, as values: the part of its API that Gasper uses, under the engine's
// own names. No I/O.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/model/model.hpp"

namespace gasper::runtime {

using labels = std::map<std::string, std::string>;

struct engine_version {
    std::string engine;      // "20.10.24"
    std::string api;         // what is spoken: "1.41"
    std::string newest_api;  // the engine's own
    std::string minimum_api;
};

struct engine_info {
    std::string id;
    std::string name;
    int cgroup_version{1};
    std::string storage_driver;
    std::string root;         // its data directory
    std::string init_binary;  // empty: it cannot give a container an init
    std::int64_t memory_bytes{0};
    int cpus{0};
};

struct container_mount {
    std::string from;  // host path
    std::string to;
    bool read_only{false};
};

constexpr int background_cpu_shares = 64;  // of what can wait for everything else

struct container_spec {
    std::string name;
    std::string image;
    std::vector<std::string> entrypoint;  // empty: the image's own
    std::vector<std::string> command;
    config_vars env;
    std::string user;       // "1000:1000"; empty: the image's own
    std::string directory;  // working directory
    std::string hostname;
    labels label;
    std::string network;               // a network's name, "container:<id>", "none"; empty: the engine's default
    std::vector<std::string> aliases;  // in that network
    std::string address;               // in that network; empty: the engine picks one
    std::vector<container_mount> mounts;
    std::map<std::string, std::string> tmpfs;    // path → mount options
    std::map<std::string, std::string> sysctls;  // of its network namespace
    std::int64_t memory_bytes{0};                // also the limit with swap; 0: none
    double cpus{0};
    int cpu_shares{0};  // of busy cores, beside other containers; 0: 1024
    std::int64_t processes{0};
    bool read_only_root{false};
    bool init{false};
    bool drop_privileges{true};  // all capabilities, no-new-privileges
    bool terminal{false};
    bool open_input{false};
    bool attach_output{false};
    std::string log_driver;  // empty: the engine's default
    std::map<std::string, std::string> log_options;
    std::chrono::seconds stop_grace{10};
    std::string stop_signal;  // of stop_container() and of the engine's own end; empty: the image's, or SIGTERM
};

struct container_state {
    std::string id;
    std::string name;
    std::string status;  // created, running, paused, restarting, removing, exited, dead
    bool running{false};
    bool out_of_memory{false};
    int exit_code{0};
    int pid{0};                     // on the host
    std::string error;              // why it could not start
    std::string started, finished;  // RFC 3339
    std::string image;
    std::string address;  // in the first of its networks
    std::vector<std::string> networks;
    std::map<std::string, std::string> addresses;  // by network
    labels label;
};

struct container_summary {
    std::string id;
    std::string name;
    std::string image;
    std::string state;
    std::string status;  // "Exited (137) 3 minutes ago"
    sys_time created{};
    std::string address;  // in its first network; empty while it does not run
    labels label;
};

struct container_stats {
    std::int64_t memory_bytes{0};  // without the page cache that can be given back
    std::int64_t memory_limit{0};
    std::uint64_t cpu_ns{0};  // since its start
    std::uint64_t received{0}, sent{0};
    std::int64_t processes{0};
};

struct exec_spec {
    std::vector<std::string> command;
    config_vars env;
    std::string user;
    std::string directory;
    bool terminal{false};
    bool input{true};
};

struct exec_state {
    bool running{false};
    int exit_code{0};
    int pid{0};  // on the host
};

struct network_spec {
    std::string name;
    std::string bridge;  // the host interface's name, at most 15 characters
    std::string subnet;  // "10.213.0.0/27"
    std::string gateway;
    labels label;
    std::string range;      // the part of it that the engine gives out by itself; empty: all
    bool strangers{false};  // its containers do not reach each other
};

struct network_info {
    std::string id;
    std::string name;
    std::vector<std::string> subnets;
    std::string gateway;
    std::string bridge;
    labels label;
    std::vector<std::string> containers;  // ids; only from inspect
};

struct image_info {
    std::string id;  // "sha256:…"
    std::vector<std::string> tags;
    std::int64_t bytes{0};
    sys_time created{};
    labels label;
};

struct build_image_spec {
    std::string tag;
    std::string tar;  // the build context, a Dockerfile in it
    std::string dockerfile{"Dockerfile"};
    config_vars arguments;
    labels label;
    std::string network;  // that RUN steps use; empty: the engine's default
    bool no_cache{false};
    std::int64_t memory_bytes{0};
};

struct engine_event {
    std::string type;    // "container"
    std::string action;  // "die", "start"
    std::string id;
    labels attributes;  // a container's labels among them
    std::int64_t nanoseconds{0};
};

}  // namespace gasper::runtime
