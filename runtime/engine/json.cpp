#include "runtime/engine/json.hpp"

#include <fmt/format.h>

namespace gasper::runtime::engine_json {

std::string url_encode(std::string_view text) {
    std::string out;
    for (const unsigned char c : text) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                           c == '_' || c == '.' || c == '~';
        if (plain) {
            out += static_cast<char>(c);
        } else {
            out += fmt::format("%{:02X}", c);
        }
    }
    return out;
}

std::string filters(const std::vector<std::pair<std::string, std::vector<std::string>>>& by) {
    json all = json::object();
    for (const auto& [key, values] : by)
        if (!values.empty()) all[key] = values;
    return url_encode(all.dump(-1, ' ', false, json::error_handler_t::replace));
}

std::vector<std::string> environment(const config_vars& env) {
    std::vector<std::string> out;
    for (const auto& [key, value] : env)
        out.push_back(key + "=" + value);
    return out;
}

labels read_labels(const json& from) {
    labels out;
    if (!from.is_object()) return out;
    for (const auto& [key, value] : from.items())
        if (value.is_string()) out[key] = value.get<std::string>();
    return out;
}

}  // namespace gasper::runtime::engine_json
