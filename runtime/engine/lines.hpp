// Bytes of output cut into lines, for logs. Sans-io, not thread-safe. A line is at most 4 KiB: a longer one is cut
// into several, never inside a UTF-8 sequence. Of text that a carriage return overwrites only the last stays, as a
// terminal would show it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace gasper::runtime {

class line_splitter {
 public:
    static constexpr std::size_t longest = 4096;
    using sink = std::function<void(std::string_view line)>;

    explicit line_splitter(std::size_t limit = longest) : limit_(limit) {}

    void feed(std::string_view data, const sink& out);
    /// The rest without its newline, if there is one.
    void finish(const sink& out);

 private:
    void emit(const sink& out);
    void cut(const sink& out);

    std::size_t limit_;
    std::string line_;
};

/// Lets so many lines pass per second, with a burst; the others are counted. A token bucket on a caller's clock.
class line_limiter {
 public:
    using time_point = std::chrono::steady_clock::time_point;

    line_limiter(double per_second, double burst) : rate_(per_second), burst_(burst), tokens_(burst) {}

    bool pass(time_point now);
    /// How many were held back since the last call.
    std::uint64_t take_dropped() noexcept;

 private:
    double rate_, burst_, tokens_;
    time_point last_{};
    std::uint64_t dropped_{0};
};

}  // namespace gasper::runtime
