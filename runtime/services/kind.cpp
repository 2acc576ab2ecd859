#include "runtime/services/kind.hpp"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace gasper::runtime {

namespace {

constexpr std::string_view recipe_prefix = "service-";
constexpr std::string_view dockerfile = "Dockerfile.";

std::vector<std::string> words(const YAML::Node& list) {
    return list ? list.as<std::vector<std::string>>() : std::vector<std::string>{};
}

service_plan read_plan(const std::string& name, const YAML::Node& from) {
    service_plan p;
    p.name = name;
    p.limit.memory_bytes = parse_memory(from["memory"].as<std::string>()).value();
    p.limit.cpus = from["cpus"].as<double>();
    p.limit.processes = from["processes"].as<std::int64_t>();
    p.disk_bytes = parse_memory(from["disk"].as<std::string>()).value();
    for (const auto& setting : from["settings"])
        p.settings[setting.first.as<std::string>()] = setting.second.as<std::string>();
    return p;
}

// "0a53" → two bytes.
std::string from_hex(const std::string& text) {
    std::string bytes;
    for (std::size_t at = 0; at < text.size(); at += 2) {
        unsigned char byte = 0;
        const auto* from = text.data() + at;
        const auto* to = from + std::min<std::size_t>(2, text.size() - at);
        if (std::from_chars(from, to, byte, 16).ptr != from + 2) throw std::runtime_error(text + " is not hex");
        bytes += static_cast<char>(byte);
    }
    return bytes;
}

outside_way read_outside(const YAML::Node& from) {
    const auto bytes = [&from](const char* key) {
        return from[key] ? from_hex(from[key].as<std::string>()) : std::string();
    };
    outside_way way;
    way.url = from["url"].as<std::string>();
    way.begin.ask = bytes("ask");
    way.begin.answer = bytes("answer");
    for (const auto& other : words(from["declined"]))
        way.begin.declined.push_back(from_hex(other));
    way.begin.decline = bytes("decline");
    way.begin.refusal = bytes("refusal");
    if (const auto start = from["start"]) {
        way.begin.greeted = start.as<std::string>() == "mysql";
        if (!way.begin.greeted) throw std::runtime_error(start.as<std::string>() + " is no way to begin TLS");
    }
    if (from["note"]) way.note = from["note"].as<std::string>();
    check_tls_start(way.begin).value();
    return way;
}

service_kind read_kind(const std::string& name, const YAML::Node& from) {
    service_kind k;
    k.name = name;
    k.title = from["title"].as<std::string>();
    k.aliases = words(from["aliases"]);
    k.versions = words(from["versions"]);
    k.port = from["port"].as<std::uint16_t>();
    k.variable = from["variable"].as<std::string>();
    k.url = from["url"].as<std::string>();
    if (const auto signal = from["stop_signal"]) k.stop_signal = signal.as<std::string>();
    if (const auto seconds = from["stop_timeout"]) k.stop_timeout = std::chrono::seconds(seconds.as<int>());
    if (const auto seconds = from["start_timeout"]) k.start_timeout = std::chrono::seconds(seconds.as<int>());
    k.dump = from["dump"].as<std::string>();
    k.dump_extension = from["dump_extension"].as<std::string>();
    if (const auto console = from["console"]) k.console = console.as<std::string>();
    k.verbs = words(from["verbs"]);
    if (const auto archives = from["archives"]) k.archives = archives.as<bool>();
    if (const auto outside = from["outside"]) k.outside = read_outside(outside);
    for (const auto& plan : from["plans"])
        k.plans.push_back(read_plan(plan.first.as<std::string>(), plan.second));
    return k;
}

const embedded_file* file_of(std::string_view path) {
    const auto files = kind_files();
    const auto at = std::find_if(files.begin(), files.end(), [&](const auto& f) { return f.path == path; });
    return at == files.end() ? nullptr : &*at;
}

std::vector<service_kind> read_all() {
    std::vector<service_kind> all;
    for (const auto& file : kind_files()) {
        const auto slash = file.path.find('/');
        if (file.path.substr(slash + 1) != "service.yml") continue;
        all.push_back(parse_kind(std::string(file.path.substr(0, slash)), std::string(file.content)).value());
    }
    return all;
}

void replace(std::string& text, std::string_view what, const std::string& by) {
    if (const auto at = text.find(what); at != text.npos) text.replace(at, what.size(), by);
}

std::string filled(std::string url, const std::string& host, std::uint16_t port, const std::string& user,
                   const std::string& password) {
    replace(url, "{user}", user);
    replace(url, "{password}", password);
    replace(url, "{host}", host.find(':') == host.npos ? host : "[" + host + "]");
    replace(url, "{port}", std::to_string(port));
    return url;
}

}  // namespace

bool service_kind::has(std::string_view verb) const {
    return std::find(verbs.begin(), verbs.end(), verb) != verbs.end();
}

const service_plan* service_kind::plan(std::string_view plan_name) const {
    const auto at = std::find_if(plans.begin(), plans.end(), [&](const auto& p) { return p.name == plan_name; });
    return at == plans.end() ? nullptr : &*at;
}

result<service_kind> parse_kind(const std::string& name, const std::string& yaml) {
    try {
        auto k = read_kind(name, YAML::Load(yaml));
        if (k.versions.empty() || k.plans.empty() || k.port == 0)
            return fail(errc::invalid, "service_kind", name + ": versions, plans and a port are needed");
        return k;
    } catch (const std::exception& e) {
        return fail(errc::invalid, "service_kind", name + "/service.yml: " + e.what());
    }
}

std::span<const service_kind> all_kinds() {
    static const auto kinds = read_all();
    return kinds;
}

const service_kind* find_kind(std::string_view name) {
    for (const auto& k : all_kinds())
        if (k.name == name || std::find(k.aliases.begin(), k.aliases.end(), name) != k.aliases.end()) return &k;
    return nullptr;
}

std::string service_url(const service_kind& kind, const std::string& host, std::uint16_t port, const std::string& user,
                        const std::string& password) {
    return filled(kind.url, host, port, user, password);
}

std::string outside_url(const outside_way& way, const std::string& host, std::uint16_t port, const std::string& user,
                        const std::string& password, const std::string& certificate) {
    auto url = filled(way.url, host, port, user, password);
    replace(url, "{certificate}", certificate);
    return url;
}

std::string service_host_name(const std::string& service) {
    return service + ".db.internal";
}

std::vector<embedded_file> kind_recipe(std::string_view recipe) {
    std::vector<embedded_file> files;
    if (!recipe.starts_with(recipe_prefix)) return files;
    recipe.remove_prefix(recipe_prefix.size());
    const auto dash = recipe.rfind('-');
    if (dash == recipe.npos) return files;
    const auto kind = std::string(recipe.substr(0, dash)) + "/";
    const auto own = kind + std::string(dockerfile) + std::string(recipe.substr(dash + 1));
    if (!file_of(own)) return files;
    for (auto file : kind_files()) {
        if (!file.path.starts_with(kind)) continue;
        const bool chosen = file.path == own;
        file.path.remove_prefix(kind.size());
        if (!chosen && (file.path.starts_with(dockerfile) || file.path == "service.yml")) continue;
        if (chosen) file.path = "Dockerfile";
        files.push_back(file);
    }
    for (auto program : kind_programs()) {
        if (!program.path.starts_with(kind)) continue;
        program.path.remove_prefix(kind.size());
        files.push_back(program);
    }
    return files;
}

}  // namespace gasper::runtime
