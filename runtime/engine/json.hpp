// For the client's own sources: JSON out of the engine's answers without exceptions, and URL query strings.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/error.hpp"
#include "core/model/model.hpp"
#include "runtime/engine/types.hpp"

namespace gasper::runtime::engine_json {

using nlohmann::json;

inline error unreadable(std::string_view what) {
    return fail(errc::unavailable, "engine_protocol", "the engine's answer cannot be read: " + std::string(what));
}

/// `read(json)` over a body; whatever does not fit (no JSON, a wrong type) is a refusal.
template <class F>
auto parse(const std::string& body, F read) -> result<std::invoke_result_t<F, const json&>> {
    try {
        return read(json::parse(body));
    } catch (const json::exception& e) {
        return unreadable(e.what());
    }
}

/// A member that may be missing or null.
template <class T>
T get(const json& from, const char* key, T otherwise = {}) {
    const auto at = from.find(key);
    if (at == from.end() || at->is_null()) return otherwise;
    return at->get<T>();
}

inline const json& object(const json& from, const char* key) {
    static const json none = json::object();
    const auto at = from.find(key);
    return at != from.end() && at->is_object() ? *at : none;
}

inline const json& array(const json& from, const char* key) {
    static const json none = json::array();
    const auto at = from.find(key);
    return at != from.end() && at->is_array() ? *at : none;
}

std::string url_encode(std::string_view text);
/// {"label":["a=b"]} as the engine's filters parameter, encoded.
std::string filters(const std::vector<std::pair<std::string, std::vector<std::string>>>& by);
std::vector<std::string> environment(const config_vars& env);
labels read_labels(const json& from);

}  // namespace gasper::runtime::engine_json
