// The stream of JSON objects that pull, import and build answer with. Sans-io, not thread-safe: bytes in, lines for a
// person out; remembers the error and the id that the stream carried.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>

#include "core/base/error.hpp"
#include "runtime/engine/lines.hpp"

namespace gasper::runtime {

class progress_parser {
 public:
    static constexpr std::size_t longest_message = 1 << 20;
    using sink = std::function<void(std::string_view line)>;

    /// Refuses what is not JSON, and a message over 1 MiB.
    result<> feed(std::string_view data, const sink& out);
    result<> finish(const sink& out);

    const std::string& failure() const noexcept { return failure_; }  // empty: none
    const std::string& id() const noexcept { return id_; }            // "sha256:…", empty: none was named

 private:
    result<> message(std::string_view text, const sink& out);

    std::string buffered_;
    line_splitter lines_;  // "stream" texts come in any pieces
    std::set<std::string> said_;
    std::string failure_;
    std::string id_;
};

}  // namespace gasper::runtime
