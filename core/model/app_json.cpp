#include "core/model/app_json.hpp"

#include <nlohmann/json.hpp>

namespace gasper {

namespace {

using nlohmann::json;
using std::chrono::seconds;

constexpr int most_quantity = 100;

error wrong(const std::string& where, const std::string& what) {
    return fail(errc::invalid, "app_json_invalid", "app.json: " + where + ": " + what);
}

/// Reads keys of one object; the first that is wrong is kept.
class reader {
 public:
    reader(const json& from, std::string where) : from_(from), where_(std::move(where)) {
        if (!from_.is_object()) fault_ = wrong(where_, "must be an object");
    }

    const json* find(const char* key) const {
        if (fault_ || !from_.contains(key) || from_.at(key).is_null()) return nullptr;
        return &from_.at(key);
    }
    std::optional<std::int64_t> whole(const char* key) {
        const auto* v = find(key);
        if (!v) return std::nullopt;
        if (v->is_number_unsigned() ? v->get<std::uint64_t>() <= 1ull << 62 : v->is_number_integer())
            return v->get<std::int64_t>();
        refuse(key, "must be a whole number");
        return std::nullopt;
    }
    std::optional<seconds> time(const char* key) {
        const auto n = whole(key);
        // Beyond any bound: said to be out of it, not overflowed.
        return n ? std::optional(seconds(std::clamp<std::int64_t>(*n, -1, 1'000'000'000))) : std::nullopt;
    }
    void refuse(const char* key, const std::string& what) {
        if (!fault_) fault_ = wrong(where_ + "." + key, what);
    }
    const std::optional<error>& fault() const { return fault_; }

 private:
    const json& from_;
    std::string where_;
    std::optional<error> fault_;
};

std::optional<std::int64_t> size_of(reader& r, const char* key, result<std::int64_t> (*parse)(const std::string&)) {
    const auto* v = r.find(key);
    if (!v) return std::nullopt;
    if (v->is_number_integer()) return r.whole(key);
    if (!v->is_string()) {
        r.refuse(key, "a size, such as \"512m\" or \"2g\"");
        return std::nullopt;
    }
    const auto size = parse(v->get<std::string>());
    if (size) return *size;
    r.refuse(key, size.error().message.substr(size.error().message.find(": ") + 2));
    return std::nullopt;
}

std::optional<double> number_of(reader& r, const char* key) {
    const auto* v = r.find(key);
    if (v && v->is_number()) return v->get<double>();
    if (v) r.refuse(key, "must be a number");
    return std::nullopt;
}

std::optional<node_labels> labels_of(reader& r) {
    const auto* v = r.find("nodes");
    if (!v) return std::nullopt;
    node_labels labels;
    const bool texts = v->is_object() && std::all_of(v->begin(), v->end(), [](const json& e) { return e.is_string(); });
    if (texts)
        for (const auto& [name, value] : v->items())
            labels[name] = value.get<std::string>();
    else
        r.refuse("nodes", "must be an object of labels, such as {\"disk\": \"ssd\"}");
    return labels;
}

result<> read_formation(app_json& into, const std::string& process, const json& from) {
    reader r(from, "formation." + process);
    process_settings s{.memory_bytes = size_of(r, "memory", parse_memory),
                       .cpus = number_of(r, "cpus"),
                       .processes = r.whole("processes"),
                       .disk_bytes = size_of(r, "disk", parse_disk),
                       .reserved_memory = size_of(r, "reserve_memory", parse_memory),
                       .reserved_cpus = number_of(r, "reserve_cpus"),
                       .nodes = labels_of(r)};
    if (const auto* exclusive = r.find("exclusive"); exclusive && !exclusive->is_boolean())
        r.refuse("exclusive", "must be true or false");
    else if (exclusive)
        s.exclusive = exclusive->get<bool>();
    s.stop_timeout = r.time("stop_timeout");
    const auto quantity = r.whole("quantity");
    if (quantity && (*quantity < 0 || *quantity > most_quantity))
        r.refuse("quantity", "must be 0 to " + std::to_string(most_quantity));
    if (r.fault()) return *r.fault();
    if (auto fits = check_settings(s, "app.json: formation." + process); !fits) return fits.error();
    if (quantity) into.quantities[process] = static_cast<int>(*quantity);
    into.settings[process] = overlay(into.settings[process], s);
    return {};
}

// "curl …", or ["curl", "…"]: words are quoted for the shell.
std::optional<std::string> command_of(reader& r) {
    const auto* v = r.find("command");
    if (!v) return std::nullopt;
    if (v->is_string()) return v->get<std::string>();
    std::string line;
    for (const auto& word : v->is_array() ? *v : json::array({0})) {
        if (!word.is_string()) {
            r.refuse("command", "must be text, or an array of texts");
            return std::nullopt;
        }
        line += line.empty() ? "'" : " '";
        for (const char c : word.get<std::string>())
            line += c == '\'' ? "'\\''" : std::string(1, c);
        line += '\'';
    }
    return line;
}

result<> read_check(app_json& into, const std::string& process, const json& from) {
    const auto where = "healthchecks." + process;
    reader r(from, where);
    health_check h;
    if (auto command = command_of(r)) {
        h.kind = health_check::probe::command;
        h.command = std::move(*command);
    }
    if (const auto* path = r.find("path")) {
        h.kind = health_check::probe::http;
        if (path->is_string())
            h.path = path->get<std::string>();
        else
            r.refuse("path", "must be text");
    }
    h.interval = r.time("wait").value_or(h.interval);
    h.timeout = r.time("timeout").value_or(h.timeout);
    h.start_deadline = r.time("start_deadline").value_or(h.start_deadline);
    h.retries = static_cast<int>(std::clamp<std::int64_t>(r.whole("attempts").value_or(h.retries), -1, 1000));
    if (r.fault()) return *r.fault();
    process_settings s{.health = std::move(h)};
    if (auto fits = check_settings(s, "app.json: " + where); !fits) return fits.error();
    into.settings[process] = overlay(into.settings[process], s);
    return {};
}

result<> read_checks(app_json& into, const std::string& process, const json& from) {
    if (!from.is_array()) return wrong("healthchecks." + process, "must be an array of checks");
    return from.empty() ? result<>() : read_check(into, process, from.front());
}

using read_one = result<> (*)(app_json&, const std::string&, const json&);

result<> read_each(app_json& into, const json& whole, const char* key, read_one one) {
    if (!whole.contains(key)) return {};
    const auto& all = whole.at(key);
    if (!all.is_object()) return wrong(key, "must be an object with a process type per key");
    if (all.size() > 50) return wrong(key, "names more than 50 process types");
    for (const auto& [process, from] : all.items()) {
        if (process.empty() || process.size() > 64) return wrong(key, "a process type has 1 to 64 characters");
        if (auto ok = one(into, process, from); !ok) return ok.error();
    }
    return {};
}

result<cron_line> read_cron_line(const std::string& where, const json& from) {
    reader r(from, where);
    cron_line line;
    for (const auto& [key, into] :
         {std::pair{"command", &line.command}, {"schedule", &line.schedule}, {"timezone", &line.zone}}) {
        const auto* v = r.find(key);
        if (v && !v->is_string()) r.refuse(key, "must be text");
        if (v && v->is_string()) *into = v->get<std::string>();
    }
    if (const auto* how = r.find("concurrency")) {
        const auto overlap = cron_overlap_of(how->is_string() ? how->get<std::string>() : "");
        if (!overlap) r.refuse("concurrency", "must be allow, forbid or replace");
        line.overlap = overlap.value_or(cron_overlap::allow);
    }
    if (r.fault()) return *r.fault();
    if (auto fits = check_cron_line(line); !fits) return wrong(where, fits.error().message);
    return line;
}

result<> read_cron(app_json& into, const json& whole) {
    if (!whole.contains("cron")) return {};
    const auto& all = whole.at("cron");
    if (!all.is_array()) return wrong("cron", "must be an array of entries");
    if (all.size() > 50) return wrong("cron", "has more than 50 entries");
    for (std::size_t i = 0; i < all.size(); ++i) {
        auto line = read_cron_line("cron[" + std::to_string(i) + "]", all[i]);
        if (!line) return line.error();
        for (const auto& other : into.cron)
            if (other.schedule == line->schedule && other.zone == line->zone && other.command == line->command)
                return wrong("cron[" + std::to_string(i) + "]", "is there twice");
        into.cron.push_back(std::move(*line));
    }
    return {};
}

}  // namespace

result<app_json> parse_app_json(std::string_view text) {
    const auto whole = json::parse(text, nullptr, false);
    if (whole.is_discarded()) return wrong("the file", "is not JSON");
    if (!whole.is_object()) return wrong("the file", "must be an object");
    app_json parsed;
    if (auto ok = read_each(parsed, whole, "formation", read_formation); !ok) return ok.error();
    if (auto ok = read_each(parsed, whole, "healthchecks", read_checks); !ok) return ok.error();
    if (auto ok = read_cron(parsed, whole); !ok) return ok.error();
    return parsed;
}

}  // namespace gasper
