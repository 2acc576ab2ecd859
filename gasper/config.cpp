#include "gasper/config.hpp"

#include <fmt/format.h>
#include <unistd.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>

#include "gasper/config_settings.hpp"
#include "gasper/config_values.hpp"

extern char** environ;

namespace gasper {

namespace {

/// Names that others than `serve` use: scripts, tests, and the environment inside an app.
constexpr std::string_view foreign_names[]{"GASPER_CONFIG",     "GASPER_API_URL",        "GASPER_SSH_KEY",
                                           "GASPER_ADMIN_USER", "GASPER_ADMIN_PASSWORD", "GASPER_BUILD",
                                           "GASPER_PRESET",     "GASPER_SAMPLE",         "GASPER_OWN_ENGINE",
                                           "GASPER_APP",        "GASPER_INSTANCE",       "GASPER_RELEASE"};

/// Collects values from the sources in rising order, remembering where each came from.
class loader {
 public:
    explicit loader(const configuration_sources& from) : from_(from) {}

    loaded_configuration load() {
        for (const auto& s : all_settings()) {
            if (!s.fallback.empty()) set(s, s.fallback, "default");
        }
        read_arguments();
        read_file();
        read_environment();
        for (const auto& [s, text] : flags_)
            set(*s, text, s->flag_name());
        complete();
        check_ports();
        return std::move(out_);
    }

 private:
    void set(const setting& s, std::string_view text, const std::string& origin) {
        origin_[std::string(s.name)] = origin;
        if (auto done = s.set(out_.value, text); !done) {
            out_.errors.push_back(fmt::format("{}: {}: {}", origin, s.name, done.error().message));
        }
    }

    void read_arguments();
    void take_flag(std::string_view name, std::optional<std::string> value, std::size_t& i);
    void read_file();
    void read_map(const YAML::Node& map, const std::string& prefix, int depth);
    void read_entry(const YAML::Node& key, const YAML::Node& value, const std::string& prefix, int depth);
    void read_environment();
    void complete();
    void check_ports();
    std::string place(const YAML::Node& node) const { return fmt::format("{}:{}", file_, node.Mark().line + 1); }

    const configuration_sources& from_;
    loaded_configuration out_;
    std::map<std::string, std::string> origin_;
    std::vector<std::pair<const setting*, std::string>> flags_;
    std::string file_;
    bool file_required_{false};
};

const setting* find_setting(std::string_view name) {
    auto all = all_settings();
    auto found = std::ranges::find(all, name, &setting::name);
    return found == all.end() ? nullptr : &*found;
}

std::string did_you_mean(std::string_view wrong, const std::vector<std::string_view>& known) {
    auto near = config_values::nearest(wrong, known);
    return near.empty() ? "" : fmt::format(", did you mean '{}'?", near);
}

void loader::read_arguments() {
    for (std::size_t i = 0; i < from_.arguments.size(); ++i) {
        std::string_view argument = from_.arguments[i];
        auto equals = argument.find('=');
        std::optional<std::string> value;
        if (equals != std::string_view::npos) value = argument.substr(equals + 1);
        take_flag(argument.substr(0, equals), std::move(value), i);
    }
}

void loader::take_flag(std::string_view name, std::optional<std::string> value, std::size_t& i) {
    if (name == "--help-config") {
        out_.help = true;
        return;
    }
    if (name == "--check-config") {
        out_.check = true;
        return;
    }
    auto all = all_settings();
    auto found = std::ranges::find(all, name, &setting::flag_name);
    if (found == all.end() && name != "--config") {
        if (from_.keep_rest) {
            out_.rest.push_back(from_.arguments[i]);
            return;
        }
        std::vector<std::string> flags{"--config", "--check-config", "--help-config"};
        std::ranges::transform(all, std::back_inserter(flags), &setting::flag_name);
        out_.errors.push_back(
            fmt::format("unknown argument '{}'{}", name, did_you_mean(name, {flags.begin(), flags.end()})));
        return;
    }
    if (!value) {
        if (i + 1 == from_.arguments.size()) {
            out_.errors.push_back(fmt::format("{}: a value must follow", name));
            return;
        }
        value = from_.arguments[++i];
    }
    if (name == "--config") {
        file_ = *value;
        file_required_ = true;
    } else {
        flags_.emplace_back(&*found, *std::move(value));
    }
}

void loader::read_file() {
    constexpr std::size_t most = 1 << 20;
    if (auto named = from_.environment.find("GASPER_CONFIG"); file_.empty() && named != from_.environment.end()) {
        file_ = named->second;
        file_required_ = true;
    }
    if (file_.empty()) file_ = "gasper.yml";
    std::ifstream stream(from_.directory / file_, std::ios::binary);
    if (!stream) {
        if (file_required_) out_.errors.push_back(fmt::format("{}: cannot be read", file_));
        return;
    }
    std::string text(most + 1, '\0');
    stream.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(stream.gcount()));
    if (text.size() > most) {
        out_.errors.push_back(fmt::format("{}: larger than 1 MiB", file_));
        return;
    }
    try {
        auto root = YAML::Load(text);
        if (root.IsNull()) return;
        if (!root.IsMap()) {
            out_.errors.push_back(fmt::format("{}: expected 'key: value' lines", place(root)));
            return;
        }
        read_map(root, "", 0);
    } catch (const YAML::Exception& e) {
        out_.errors.push_back(fmt::format("{}:{}: not YAML: {}", file_, e.mark.line + 1, e.msg));
    }
}

void loader::read_map(const YAML::Node& map, const std::string& prefix, int depth) {
    std::set<std::string> seen;
    for (const auto& entry : map) {
        if (!entry.first.IsScalar()) {
            out_.errors.push_back(fmt::format("{}: a key must be a word", place(entry.first)));
        } else if (!seen.insert(entry.first.Scalar()).second) {
            out_.errors.push_back(fmt::format("{}: '{}' is there twice", place(entry.first), entry.first.Scalar()));
        } else {
            read_entry(entry.first, entry.second, prefix, depth);
        }
    }
}

void loader::read_entry(const YAML::Node& key, const YAML::Node& value, const std::string& prefix, int depth) {
    constexpr int deepest = 2;
    auto name = prefix + key.Scalar();
    const auto* s = find_setting(name);
    if (s == nullptr) {
        auto inside = [&](const setting& known) { return known.name.starts_with(name + "."); };
        if (value.IsMap() && depth < deepest && std::ranges::any_of(all_settings(), inside)) {
            read_map(value, name + ".", depth + 1);
            return;
        }
        std::vector<std::string_view> known;
        std::ranges::transform(all_settings(), std::back_inserter(known), &setting::name);
        out_.errors.push_back(fmt::format("{}: unknown key '{}'{}", place(key), name, did_you_mean(name, known)));
    } else if (value.IsScalar()) {
        set(*s, value.Scalar(), place(key));
    } else if (value.IsMap() || value.IsSequence()) {
        // A list or a map is the same as its parts with commas: one parser for file, environment and flags.
        std::string joined;
        for (const auto& part : value) {
            bool flat = value.IsMap() ? part.first.IsScalar() && part.second.IsScalar() : part.IsScalar();
            if (!flat) {
                out_.errors.push_back(fmt::format("{}: {}: expected plain values", place(key), name));
                return;
            }
            joined += value.IsMap() ? part.first.Scalar() + "=" + part.second.Scalar() + "," : part.Scalar() + ",";
        }
        set(*s, joined, place(key));
    } else {
        out_.errors.push_back(fmt::format("{}: {}: a value must follow", place(key), name));
    }
}

void loader::read_environment() {
    std::vector<std::string> names;
    std::ranges::transform(all_settings(), std::back_inserter(names), &setting::environment_name);
    for (const auto& [name, value] : from_.environment) {
        if (!name.starts_with("GASPER_") || std::ranges::find(foreign_names, name) != std::end(foreign_names)) continue;
        auto found = std::ranges::find(names, name);
        if (found == names.end()) {
            out_.warnings.push_back(
                fmt::format("{}: no such setting{}", name, did_you_mean(name, {names.begin(), names.end()})));
        } else {
            set(all_settings()[static_cast<std::size_t>(found - names.begin())], value, name);
        }
    }
}

/// Defaults that depend on other settings or on the machine.
void loader::complete() {
    auto& value = out_.value;
    std::error_code ignored;
    if (value.data.empty()) {
        auto program = std::filesystem::read_symlink("/proc/self/exe", ignored);
        value.data = program.string().starts_with("/usr/") ? "/var/lib/gasper" : "var";
    }
    value.data = (from_.directory / value.data).lexically_normal();
    if (!value.data.has_filename()) value.data = value.data.parent_path();
    if (value.public_host.empty()) value.public_host = value.domain;
    if (value.runtime.engine_socket.empty()) {
        auto own = value.data / "engine" / "docker.sock";
        value.runtime.engine_socket = std::filesystem::exists(own, ignored) ? own.string() : "/var/run/docker.sock";
    }
    // Unix sockets of ours live in the data directory, and their paths have at most 107 bytes.
    constexpr std::size_t longest = 80;
    if (value.data.string().size() > longest) {
        out_.errors.push_back(fmt::format("data: '{}' has more than {} bytes", value.data.string(), longest));
    }
}

void loader::check_ports() {
    const auto& value = out_.value;
    const std::pair<const char*, const endpoint*> listeners[]{
        {"ssh_port", &value.receiver.ssh}, {"http_port", &value.router.http}, {"https_port", &value.router.https},
        {"dns_port", &value.dns.listen},   {"api_port", &value.web.api},      {"metrics_port", &value.web.metrics}};
    auto everywhere = [](const endpoint& e) { return e.address == "0.0.0.0" || e.address == "::"; };
    for (const auto* a = std::begin(listeners); a != std::end(listeners); ++a) {
        for (const auto* b = std::next(a); b != std::end(listeners); ++b) {
            bool overlap = a->second->address == b->second->address || everywhere(*a->second) || everywhere(*b->second);
            if (a->second->port != b->second->port || !overlap) continue;
            out_.errors.push_back(fmt::format("{} ({}) and {} ({}) are both {}", a->first, origin_[a->first], b->first,
                                              origin_[b->first], a->second->port));
        }
    }
}

}  // namespace

std::string to_string(const endpoint& at) {
    bool v6 = at.address.find(':') != std::string::npos;
    return fmt::format("{}{}{}:{}", v6 ? "[" : "", at.address, v6 ? "]" : "", at.port);
}

configuration_sources configuration_sources::from_process(int argc, char** argv) {
    configuration_sources from;
    from.arguments.assign(argv + std::min(argc, 2), argv + argc);
    from.directory = std::filesystem::current_path();
    for (char** entry = environ; *entry != nullptr; ++entry) {
        std::string_view text = *entry;
        auto equals = text.find('=');
        if (!text.starts_with("GASPER_") || equals == std::string_view::npos) continue;
        from.environment.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
    return from;
}

loaded_configuration load_configuration(const configuration_sources& from) {
    return loader(from).load();
}

std::string help_configuration() {
    std::string text =
        "# All settings of Gasper with their defaults, as a gasper.yml. Each is also a flag (http_port: --http-port) "
        "and an\n"
        "# environment variable (GASPER_HTTP_PORT); a flag overrides the environment, which overrides the file.\n";
    std::string_view group;
    for (const auto& s : all_settings()) {
        if (!s.help.empty()) text += fmt::format("\n# {}\n", s.help);
        auto dot = s.name.find('.');
        auto parent = dot == std::string_view::npos ? std::string_view{} : s.name.substr(0, dot);
        if (parent != group && !parent.empty()) text += fmt::format("#{}:\n", parent);
        group = parent;
        auto key = dot == std::string_view::npos ? s.name : s.name.substr(dot + 1);
        auto line = fmt::format("#{}{}: {}", parent.empty() ? "" : "  ", key, s.fallback);
        text += fmt::format("{:<32} # {}\n", line, s.type);
    }
    return text;
}

}  // namespace gasper
