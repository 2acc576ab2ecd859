#include "web/schema.hpp"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

namespace gasper::web {

namespace {

using nlohmann::json;

constexpr int max_depth = 8;

error wrong(const std::string& at, const std::string& why) {
    return fail(errc::invalid, "invalid_field", (at.empty() ? "the body" : at) + " " + why);
}

bool has_type(const json& value, const std::string& type) {
    if (type == "null") return value.is_null();
    if (type == "string") return value.is_string();
    if (type == "boolean") return value.is_boolean();
    if (type == "integer") return value.is_number_integer();
    if (type == "number") return value.is_number();
    if (type == "array") return value.is_array();
    return type == "object" && value.is_object();
}

std::string types_of(const json& schema) {
    const auto& type = schema.at("type");
    if (type.is_string()) return type.get<std::string>();
    std::string all;
    for (const auto& one : type)
        all += (all.empty() ? "" : " or ") + one.get<std::string>();
    return all;
}

result<> check_type(const json& schema, const json& value, const std::string& at) {
    if (!schema.contains("type")) return {};
    const auto& type = schema.at("type");
    const bool fits = type.is_string() ? has_type(value, type.get<std::string>())
                                       : std::any_of(type.begin(), type.end(), [&](const json& one) {
                                             return has_type(value, one.get<std::string>());
                                         });
    if (!fits) return wrong(at, "must be " + types_of(schema));
    return {};
}

result<> check_bounds(const json& schema, const json& value, const std::string& at) {
    if (schema.contains("enum")) {
        const auto& allowed = schema.at("enum");
        if (std::find(allowed.begin(), allowed.end(), value) == allowed.end())
            return wrong(at, "is none of " + allowed.dump());
    }
    const auto limit = [&](const char* name, std::int64_t otherwise) { return schema.value(name, otherwise); };
    constexpr auto most = std::numeric_limits<std::int64_t>::max();
    if (value.is_string()) {
        const auto size = static_cast<std::int64_t>(value.get_ref<const std::string&>().size());
        if (size < limit("minLength", 0)) return wrong(at, "must not be empty");
        if (size > limit("maxLength", most))
            return wrong(at, "is longer than " + std::to_string(limit("maxLength", most)) + " bytes");
    } else if (value.is_number_integer()) {
        // An unsigned value over the signed range would wrap: it is over any maximum we have.
        const bool huge = value.is_number_unsigned() && value.get<std::uint64_t>() > static_cast<std::uint64_t>(most);
        if (huge || value.get<std::int64_t>() < limit("minimum", std::numeric_limits<std::int64_t>::min()) ||
            value.get<std::int64_t>() > limit("maximum", most))
            return wrong(at, "is out of range");
    } else if (value.is_array() && static_cast<std::int64_t>(value.size()) > limit("maxItems", most)) {
        return wrong(at, "has too many items");
    } else if (value.is_object() && static_cast<std::int64_t>(value.size()) > limit("maxProperties", most)) {
        return wrong(at, "has too many fields");
    }
    return {};
}

result<> check(const json& schema, const json& value, const std::string& at);

result<> check_object(const json& schema, const json& value, const std::string& at) {
    static const json none = json::object();
    const auto& known = schema.contains("properties") ? schema.at("properties") : none;
    for (const auto& [name, field] : value.items()) {
        if (known.contains(name)) {
            if (auto fits = check(known.at(name), field, at + "/" + name); !fits) return fits;
        } else if (schema.contains("additionalProperties")) {
            const auto& others = schema.at("additionalProperties");
            if (others.is_boolean() && !others.get<bool>())
                return fail(errc::invalid, "unknown_field",
                            at + "/" + name.substr(0, 128) + " is not a field of this request");
            if (others.is_object())
                if (auto fits = check(others, field, at + "/" + name.substr(0, 128)); !fits) return fits;
        }
    }
    if (schema.contains("required"))
        for (const auto& name : schema.at("required"))
            if (!value.contains(name.get<std::string>()))
                return fail(errc::invalid, "missing_field", at + "/" + name.get<std::string>() + " is missing");
    return {};
}

result<> check(const json& schema, const json& value, const std::string& at) {
    if (schema.contains("$ref")) {
        const auto ref = schema.at("$ref").get<std::string>();
        return check(schemas().at(ref.substr(ref.rfind('/') + 1)), value, at);
    }
    if (auto fits = check_type(schema, value, at); !fits) return fits;
    if (auto fits = check_bounds(schema, value, at); !fits) return fits;
    if (value.is_object()) return check_object(schema, value, at);
    if (value.is_array() && schema.contains("items"))
        for (std::size_t i = 0; i < value.size(); ++i)
            if (auto fits = check(schema.at("items"), value[i], at + "/" + std::to_string(i)); !fits) return fits;
    return {};
}

// Thrown through the parser to end it at once: its callback cannot do so otherwise.
struct refused_json {
    const char* why;
};

}  // namespace

result<> check_schema(std::string_view name, const json& value) {
    return check(schemas().at(std::string(name)), value, "");
}

result<> parse_json(std::string_view text, json& into) {
    std::vector<std::set<std::string>> names;
    const auto watch = [&](int depth, json::parse_event_t event, json& value) {
        using what = json::parse_event_t;
        if (event == what::object_start || event == what::array_start) {
            if (depth >= max_depth) throw refused_json{"is nested too deeply"};
            names.emplace_back();
        } else if (event == what::object_end || event == what::array_end) {
            names.pop_back();
        } else if (event == what::key && !names.back().insert(value.get<std::string>()).second) {
            throw refused_json{"names a field twice"};
        }
        return true;
    };
    try {
        into = json::parse(text, watch);
        return {};
    } catch (const refused_json& e) {
        return fail(errc::invalid, "malformed_json", std::string("the body ") + e.why);
    } catch (const json::parse_error& e) {
        return fail(errc::invalid, "malformed_json", "the body is not JSON: wrong at byte " + std::to_string(e.byte));
    }
}

}  // namespace gasper::web
