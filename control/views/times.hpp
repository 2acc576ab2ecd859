// Times as people see them.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>

#include "core/model/model.hpp"

namespace gasper::control {

inline nlohmann::json time_or_null(const std::optional<sys_time>& at) {
    return at ? nlohmann::json(to_rfc3339(*at)) : nlohmann::json(nullptr);
}

/// The clock's zero says that it has not happened.
inline nlohmann::json time_or_null(sys_time at) {
    return at == sys_time{} ? nlohmann::json(nullptr) : nlohmann::json(to_rfc3339(at));
}

}  // namespace gasper::control
