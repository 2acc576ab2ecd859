#include <algorithm>
#include <charconv>
#include <optional>
#include <stdexcept>

#include "web/routes.hpp"

namespace gasper::web {

namespace {

std::optional<std::int64_t> integer(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || bad != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

bool fits(const parameter& p, std::string_view value) {
    if (p.type == kind::boolean) return value == "true" || value == "false";
    if (p.type == kind::text)
        return static_cast<std::int64_t>(value.size()) >= p.least && static_cast<std::int64_t>(value.size()) <= p.most;
    const auto n = integer(value);
    return n && *n >= p.least && *n <= p.most;
}

std::string expected(const parameter& p) {
    if (p.type == kind::boolean) return "true or false";
    const auto range = std::to_string(p.least) + " to " + std::to_string(p.most);
    return p.type == kind::integer ? "an integer from " + range : range + " bytes of text";
}

bool matches(std::string_view pattern, const std::vector<std::string>& segments,
             std::map<std::string_view, std::string>& path) {
    pattern.remove_prefix(1);
    for (std::size_t i = 0; i < segments.size(); ++i) {
        const auto end = pattern.find('/');
        const auto part = pattern.substr(0, end);
        if (part.starts_with('{')) {
            const auto name = part.substr(1, part.size() - 2);
            if (!fits(path_parameter(name), segments[i])) return false;
            path[name] = segments[i];
        } else if (part != segments[i]) {
            return false;
        }
        if (end == std::string_view::npos) return i + 1 == segments.size();
        pattern.remove_prefix(end + 1);
    }
    return false;
}

}  // namespace

const parameter& path_parameter(std::string_view name) {
    static const parameter known[] = {
        {"app", kind::text, "the app's name", 1, 64},
        {"version", kind::integer, "a release's version", 1, 1'000'000'000},
        {"build", kind::integer, "a build's id", 1, 1'000'000'000'000},
        {"job", kind::integer, "a job's id", 1, 1'000'000'000'000},
        {"service", kind::text, "the database's name", 1, 64},
        {"backup", kind::integer, "a backup's id", 1, 1'000'000'000'000},
        {"store", kind::text, "a store's name", 1, 64},
        {"node", kind::text, "a machine's name", 1, 255},
        {"webhook", kind::integer, "a webhook's id", 1, 1'000'000'000'000},
        {"volume", kind::text, "a volume's name", 1, 64},
        {"cron", kind::integer, "a cron entry's id", 1, 1'000'000'000'000},
        {"run", kind::text, "a one-off process's name, e.g. `run.1`", 1, 64},
        {"key", kind::text, "a key's name or its `SHA256:…` fingerprint", 1, 128},
    };
    for (const auto& p : known)
        if (p.name == name) return p;
    throw std::logic_error("a route has an unknown path parameter: " + std::string(name));
}

std::int64_t call::number(std::string_view parameter) const {
    return *integer(path.at(parameter));
}

std::int64_t call::number(const std::string& query_parameter, std::int64_t otherwise) const {
    const auto at = query.find(query_parameter);
    return at == query.end() ? otherwise : *integer(at->second);
}

bool call::flag(const std::string& query_parameter) const {
    const auto at = query.find(query_parameter);
    return at != query.end() && at->second == "true";
}

found find_route(std::span<const route> table, method verb, const std::vector<std::string>& segments) {
    found out;
    const auto wanted = verb == method::head ? method::get : verb;
    for (const auto& r : table) {
        std::map<std::string_view, std::string> path;
        if (!matches(r.pattern, segments, path)) continue;
        out.allowed.push_back(r.verb);
        if (r.verb != wanted) continue;
        out.at = &r;
        out.path = std::move(path);
    }
    return out;
}

result<> check_query(const route& r, const std::map<std::string, std::string>& query) {
    for (const auto& [name, value] : query) {
        const auto known =
            std::find_if(r.query.begin(), r.query.end(), [&n = name](const auto& p) { return p.name == n; });
        if (known == r.query.end())
            return fail(errc::invalid, "unknown_parameter",
                        "the query parameter " + name.substr(0, 64) + " is unknown here");
        if (!fits(*known, value))
            return fail(errc::invalid, "invalid_parameter",
                        "the query parameter " + name + " must be " + expected(*known));
    }
    for (const auto& p : r.query)
        if (p.required && !query.contains(std::string(p.name)))
            return fail(errc::invalid, "missing_parameter",
                        "the query parameter " + std::string(p.name) + " is missing");
    return {};
}

}  // namespace gasper::web
