// What is said about a process type beside its command: limits, how it shows that it is well, how it ends. Said in
// three places, the later over the earlier: the server's configuration, app.json of the commit, ps:limits and checks.
// A release keeps what was said, so that a rollback brings it back.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "core/base/error.hpp"

namespace gasper {

struct limits {
    std::int64_t memory_bytes{512ll << 20};
    double cpus{1.0};
    std::int64_t processes{256};
    std::int64_t disk_bytes{0};  // that it writes to its own /app; 0: no limit
    bool operator==(const limits&) const = default;
};

/// How an instance shows that it is well: its port accepts (a type with a port; another: it runs), an HTTP GET answers
/// 2xx or 3xx, or a command inside exits 0. The same before it gets traffic and afterwards.
struct health_check {
    enum class probe { port, http, command };
    probe kind{probe::port};
    std::string path;                         // of http: begins with '/'
    std::string command;                      // of command: given to /bin/sh -c
    std::chrono::seconds interval{10};        // between two checks of an instance that serves
    std::chrono::seconds timeout{5};          // of one check
    int retries{3};                           // failures in a row before it is unhealthy
    std::chrono::seconds start_deadline{60};  // from its start to its first success
    bool operator==(const health_check&) const = default;
};

/// Name → value: "disk" → "ssd".
using node_labels = std::map<std::string, std::string>;

struct process_settings {
    std::optional<std::int64_t> memory_bytes;
    std::optional<double> cpus;
    std::optional<std::int64_t> processes;
    std::optional<std::int64_t> disk_bytes;
    std::optional<std::int64_t> reserved_memory;  // bytes that its node keeps for an instance; 0: none
    std::optional<double> reserved_cpus;
    std::optional<node_labels> nodes;  // it goes only where a node has all of these
    std::optional<bool> exclusive;     // never two at a time: the old stops before the new starts
    std::optional<std::chrono::seconds> stop_timeout;
    std::optional<health_check> health;
    bool operator==(const process_settings&) const = default;
};

/// Process type → what is said about it.
using settings_by_process = std::map<std::string, process_settings>;

/// What holds for one process type in the end.
struct process_rules {
    limits limit;
    std::int64_t reserved_memory{0};
    double reserved_cpus{0};
    node_labels nodes;
    health_check health;
    bool exclusive{false};
    std::chrono::seconds stop_timeout{30};  // from SIGTERM to SIGKILL
    bool operator==(const process_rules&) const = default;
};

/// `from` with everything that `said` says.
process_rules apply(const process_settings& said, process_rules from);
/// `from` with everything that `over` says in its place.
process_settings overlay(process_settings from, const process_settings& over);

/// "512m", "2GiB", "1.5g" or a number of bytes; at least 16 MiB. Errors: invalid.
result<std::int64_t> parse_memory(const std::string& text);
/// The same for disk space, at least 1 MiB.
result<std::int64_t> parse_disk(const std::string& text);

/// "disk=ssd,zone=a"; empty text: none. Errors: invalid.
result<node_labels> parse_labels(const std::string& text);
/// Names and values of 1 to 63 characters of A-Z, a-z, 0-9, '-', '_', '.' and '/'; at most 20. Errors: invalid.
result<> check_labels(const node_labels& labels, const std::string& where);

/// Bounds of what a person may say; refused with `where` in front. Errors: invalid.
result<> check_settings(const process_settings& said, const std::string& where);

/// As kept in the store. The second throws on what the first did not write.
std::string to_json(const settings_by_process& said);
settings_by_process settings_from_json(const std::string& json);

}  // namespace gasper
