#include "core/model/process_settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

namespace gasper {

namespace {

using nlohmann::json;
using std::chrono::seconds;

constexpr std::string_view label_marks = "-_./";
constexpr std::int64_t least_memory = 16ll << 20, least_disk = 1ll << 20, most_bytes = 1ll << 42;

error wrong(const std::string& where, const std::string& what) {
    return fail(errc::invalid, "settings_invalid", where + ": " + what);
}

result<> check_health(const health_check& h, const std::string& where) {
    using probe = health_check::probe;
    const bool path_fits = h.path.size() <= 1024 && h.path.starts_with('/') &&
                           std::all_of(h.path.begin(), h.path.end(), [](char c) { return c > ' ' && c < 0x7f; });
    if (h.kind == probe::http && !path_fits)
        return wrong(where, "the path of a check begins with '/' and has no spaces, such as /health");
    if (h.kind == probe::command && (h.command.empty() || h.command.size() > 4096))
        return wrong(where, "the command of a check has 1 to 4096 characters");
    if (h.interval < seconds(1) || h.interval > seconds(3600))
        return wrong(where, "the interval of a check is 1 to 3600 seconds");
    if (h.timeout < seconds(1) || h.timeout > seconds(300))
        return wrong(where, "the timeout of a check is 1 to 300 seconds");
    if (h.retries < 1 || h.retries > 100) return wrong(where, "the attempts of a check are 1 to 100");
    if (h.start_deadline < seconds(1) || h.start_deadline > seconds(3600))
        return wrong(where, "the start deadline of a check is 1 to 3600 seconds");
    return {};
}

json to_json(const health_check& h) {
    json j{{"interval", h.interval.count()},
           {"timeout", h.timeout.count()},
           {"retries", h.retries},
           {"start_deadline", h.start_deadline.count()}};
    if (h.kind == health_check::probe::http) j["path"] = h.path;
    if (h.kind == health_check::probe::command) j["command"] = h.command;
    return j;
}

health_check health_from(const json& j) {
    health_check h{.interval = seconds(j.at("interval").get<std::int64_t>()),
                   .timeout = seconds(j.at("timeout").get<std::int64_t>()),
                   .retries = j.at("retries").get<int>(),
                   .start_deadline = seconds(j.at("start_deadline").get<std::int64_t>())};
    if (j.contains("path")) {
        h.kind = health_check::probe::http;
        h.path = j.at("path");
    } else if (j.contains("command")) {
        h.kind = health_check::probe::command;
        h.command = j.at("command");
    }
    return h;
}

json to_json(const process_settings& s) {
    json j = json::object();
    if (s.memory_bytes) j["memory"] = *s.memory_bytes;
    if (s.cpus) j["cpus"] = *s.cpus;
    if (s.processes) j["processes"] = *s.processes;
    if (s.disk_bytes) j["disk"] = *s.disk_bytes;
    if (s.reserved_memory) j["reserved_memory"] = *s.reserved_memory;
    if (s.reserved_cpus) j["reserved_cpus"] = *s.reserved_cpus;
    if (s.nodes) j["nodes"] = *s.nodes;
    if (s.exclusive) j["exclusive"] = *s.exclusive;
    if (s.stop_timeout) j["stop_timeout"] = s.stop_timeout->count();
    if (s.health) j["health"] = to_json(*s.health);
    return j;
}

process_settings settings_from(const json& j) {
    process_settings s;
    if (j.contains("memory")) s.memory_bytes = j.at("memory").get<std::int64_t>();
    if (j.contains("cpus")) s.cpus = j.at("cpus").get<double>();
    if (j.contains("processes")) s.processes = j.at("processes").get<std::int64_t>();
    if (j.contains("disk")) s.disk_bytes = j.at("disk").get<std::int64_t>();
    if (j.contains("reserved_memory")) s.reserved_memory = j.at("reserved_memory").get<std::int64_t>();
    if (j.contains("reserved_cpus")) s.reserved_cpus = j.at("reserved_cpus").get<double>();
    if (j.contains("nodes")) s.nodes = j.at("nodes").get<node_labels>();
    if (j.contains("exclusive")) s.exclusive = j.at("exclusive").get<bool>();
    if (j.contains("stop_timeout")) s.stop_timeout = seconds(j.at("stop_timeout").get<std::int64_t>());
    if (j.contains("health")) s.health = health_from(j.at("health"));
    return s;
}

}  // namespace

process_rules apply(const process_settings& said, process_rules from) {
    from.limit.memory_bytes = said.memory_bytes.value_or(from.limit.memory_bytes);
    from.limit.cpus = said.cpus.value_or(from.limit.cpus);
    from.limit.processes = said.processes.value_or(from.limit.processes);
    from.limit.disk_bytes = said.disk_bytes.value_or(from.limit.disk_bytes);
    from.reserved_memory = said.reserved_memory.value_or(from.reserved_memory);
    from.reserved_cpus = said.reserved_cpus.value_or(from.reserved_cpus);
    from.nodes = said.nodes.value_or(from.nodes);
    from.exclusive = said.exclusive.value_or(from.exclusive);
    from.stop_timeout = said.stop_timeout.value_or(from.stop_timeout);
    from.health = said.health.value_or(from.health);
    return from;
}

process_settings overlay(process_settings from, const process_settings& over) {
    if (over.memory_bytes) from.memory_bytes = over.memory_bytes;
    if (over.cpus) from.cpus = over.cpus;
    if (over.processes) from.processes = over.processes;
    if (over.disk_bytes) from.disk_bytes = over.disk_bytes;
    if (over.reserved_memory) from.reserved_memory = over.reserved_memory;
    if (over.reserved_cpus) from.reserved_cpus = over.reserved_cpus;
    if (over.nodes) from.nodes = over.nodes;
    if (over.exclusive) from.exclusive = over.exclusive;
    if (over.stop_timeout) from.stop_timeout = over.stop_timeout;
    if (over.health) from.health = over.health;
    return from;
}

namespace {

result<std::int64_t> parse_size(const std::string& text, std::int64_t least, const std::string& what,
                                const std::string& shape) {
    double number = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), number);
    std::string unit(end, text.data() + text.size());
    std::transform(unit.begin(), unit.end(), unit.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
    constexpr std::array<std::pair<std::string_view, std::int64_t>, 11> units{{{"", 1},
                                                                               {"b", 1},
                                                                               {"k", 1ll << 10},
                                                                               {"kib", 1ll << 10},
                                                                               {"m", 1ll << 20},
                                                                               {"mb", 1ll << 20},
                                                                               {"mib", 1ll << 20},
                                                                               {"g", 1ll << 30},
                                                                               {"gb", 1ll << 30},
                                                                               {"gib", 1ll << 30},
                                                                               {"tib", 1ll << 40}}};
    const auto known = std::find_if(units.begin(), units.end(), [&](const auto& u) { return u.first == unit; });
    if (ec != std::errc() || known == units.end() || !std::isfinite(number)) return wrong(what, shape);
    const double bytes = number * static_cast<double>(known->second);
    if (bytes < static_cast<double>(least) || bytes > static_cast<double>(most_bytes)) return wrong(what, shape);
    return static_cast<std::int64_t>(bytes);
}

}  // namespace

result<std::int64_t> parse_memory(const std::string& text) {
    return parse_size(text, least_memory, "memory", "a size, 16m or more, such as 512m or 2g");
}

result<std::int64_t> parse_disk(const std::string& text) {
    return parse_size(text, least_disk, "disk", "a size, 1m or more, such as 512m or 2g");
}

result<node_labels> parse_labels(const std::string& text) {
    node_labels labels;
    for (std::size_t at = 0; at < text.size();) {
        const auto end = std::min(text.find(',', at), text.size());
        const auto pair = text.substr(at, end - at);
        const auto equals = pair.find('=');
        if (equals == pair.npos) return wrong("labels", "name=value, such as disk=ssd, not " + pair);
        labels[pair.substr(0, equals)] = pair.substr(equals + 1);
        at = end + 1;
    }
    if (auto fits = check_labels(labels, "labels"); !fits) return fits.error();
    return labels;
}

result<> check_labels(const node_labels& labels, const std::string& where) {
    const auto fits = [](const std::string& text) {
        return !text.empty() && text.size() <= 63 && std::all_of(text.begin(), text.end(), [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                   label_marks.find(c) != label_marks.npos;
        });
    };
    if (labels.size() > 20) return wrong(where, "at most 20 labels");
    for (const auto& [name, value] : labels)
        if (!fits(name) || !fits(value))
            return wrong(where, "a label's name and value have 1 to 63 of A-Z, a-z, 0-9, '-', '_', '.' and '/'");
    return {};
}

result<> check_settings(const process_settings& said, const std::string& where) {
    if (said.memory_bytes && (*said.memory_bytes < least_memory || *said.memory_bytes > most_bytes))
        return wrong(where, "memory is 16 MiB to 4 TiB");
    // Written so that a NaN is refused too.
    if (said.cpus && !(*said.cpus >= 0.01 && *said.cpus <= 1024)) return wrong(where, "cpus is 0.01 to 1024");
    if (said.reserved_memory && (*said.reserved_memory < 0 || *said.reserved_memory > most_bytes))
        return wrong(where, "a reservation of memory is 0 to 4 TiB");
    if (said.reserved_cpus && !(*said.reserved_cpus >= 0 && *said.reserved_cpus <= 1024))
        return wrong(where, "a reservation of cpus is 0 to 1024");
    if (said.nodes)
        if (auto fits = check_labels(*said.nodes, where); !fits) return fits;
    if (said.processes && (*said.processes < 4 || *said.processes > 1'000'000))
        return wrong(where, "processes is 4 to 1000000");
    if (said.disk_bytes && (*said.disk_bytes < least_disk || *said.disk_bytes > most_bytes))
        return wrong(where, "disk is 1 MiB to 4 TiB");
    if (said.stop_timeout && (*said.stop_timeout < seconds(0) || *said.stop_timeout > seconds(3600)))
        return wrong(where, "the stop timeout is 0 to 3600 seconds");
    return said.health ? check_health(*said.health, where) : result<>();
}

std::string to_json(const settings_by_process& said) {
    json j = json::object();
    for (const auto& [process, settings] : said)
        j[process] = to_json(settings);
    return j.dump();
}

settings_by_process settings_from_json(const std::string& text) {
    settings_by_process said;
    const auto all = json::parse(text);
    for (const auto& [process, settings] : all.items())
        said[process] = settings_from(settings);
    return said;
}

}  // namespace gasper
