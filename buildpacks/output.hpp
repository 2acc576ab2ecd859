// What a build tells the person, in Heroku's style, and never with a secret in it. Not thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/jobs/job_log.hpp"
#include "core/model/model.hpp"

namespace gasper::buildpacks {

class build_output {
 public:
    /// Values of config vars whose name says secret (…KEY, …TOKEN, …PASSWORD, …SECRET) and passwords within URLs are
    /// replaced in all lines by "[NAME]".
    build_output(line_sink sink, const config_vars& config);

    void step(std::string_view text) const;    // "-----> text"
    void detail(std::string_view text) const;  // "       text"
    void failed(std::string_view text) const;  // " !     text"
    /// A line of a build container: its own "-----> " and " !     " lines stay, others are details. Control characters
    /// and what is not UTF-8 are taken out.
    void container_line(std::string_view line) const;

 private:
    struct secret {
        std::string value, name;
    };
    std::string masked(std::string text) const;

    line_sink sink_;
    std::vector<secret> secrets_;
};

/// Printable UTF-8: escape sequences and control characters removed, bad bytes replaced, at most `limit` bytes.
std::string printable(std::string_view text, std::size_t limit = 2000);

}  // namespace gasper::buildpacks
