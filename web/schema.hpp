// The JSON shapes of the API, written once: the OpenAPI document shows them, and request bodies are held to them.
// The subset of JSON Schema 2020-12 that is used: $ref, type, enum, properties, required, additionalProperties, items,
// minLength, maxLength, minimum, maximum, maxItems, maxProperties. Immutable; thread-safe.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "core/base/error.hpp"

namespace gasper::web {

/// components.schemas of the OpenAPI document.
const nlohmann::json& schemas();

/// Refuses with errc::invalid and the JSON pointer of what is wrong; `unknown_field` names a field that has no place.
result<> check_schema(std::string_view name, const nlohmann::json& value);

/// Strict: one value, no duplicate names, at most 8 levels deep, well-formed UTF-8. Refuses with "malformed_json".
result<> parse_json(std::string_view text, nlohmann::json& into);

}  // namespace gasper::web
