// Which lines of a log a reader wants. A value.
#pragma once

#include <optional>
#include <string>

#include "core/logs/entry.hpp"

namespace gasper {

struct log_filter {
    std::string text;     // a part of the line, letter case as it is; empty: any
    std::string source;   // "app", "router", "gasper", "web", "web.1" or a pattern "web.*"; empty: any
    std::string process;  // the same for instances only: "web.1", "web"; empty: any
    std::optional<log_time> since, until;

    bool matches(const log_entry& e) const;
};

/// Does the word name the source? "web" and "web.1" name "app[web.1]", "app" names every instance.
bool names_source(const std::string& word, const std::string& source);

}  // namespace gasper
