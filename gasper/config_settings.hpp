// The table of settings. Adding a setting is adding a row.
#pragma once

#include <cctype>
#include <span>
#include <string>
#include <string_view>

#include "gasper/config.hpp"

namespace gasper {

struct setting {
    std::string_view name;  // key in the file; GASPER_<NAME> in the environment; --<na-me> as a flag; '.' is a level
    std::string_view type;  // for people: "port", "duration" …
    std::string_view fallback;  // the default, as it would be written; empty: none, see help
    std::string_view help;
    result<> (*set)(configuration&, std::string_view);

    std::string environment_name() const;  // "http_port" → "GASPER_HTTP_PORT"
    std::string flag_name() const;         // "http_port" → "--http-port"
};

std::span<const setting> all_settings();

}  // namespace gasper
