// A container's log as the engine sends it (multiplexed, each line with its time) made into lines. Sans-io, not
// thread-safe.
#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "core/base/error.hpp"
#include "runtime/cluster.hpp"
#include "runtime/engine/lines.hpp"
#include "runtime/engine/stdcopy.hpp"

namespace gasper::runtime {

/// "2026-01-02T03:04:05.678901234Z" (RFC 3339, always UTC from the engine).
std::optional<log_time> parse_time(std::string_view text);

class log_stream {
 public:
    explicit log_stream(log_time since = {}) : since_(since) {}

    result<> feed(std::string_view data, const std::function<void(log_line)>& out);
    void finish(const std::function<void(log_line)>& out);

 private:
    void line(bool error, std::string_view text, const std::function<void(log_line)>& out);

    log_time since_;
    log_time last_[2]{};
    stdcopy_parser parser_;
    line_splitter lines_[2]{line_splitter(line_splitter::longest + 40), line_splitter(line_splitter::longest + 40)};
};

}  // namespace gasper::runtime
