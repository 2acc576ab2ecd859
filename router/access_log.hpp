// One logfmt line per request, as Heroku's router writes them. Workers fill buffers; a thread of its own writes them
// out, so that a slow reader of the log never stops a request. Bounded: what the reader does not take is dropped,
// counted, and the drop is logged.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "router/access_file.hpp"

namespace gasper::router {

/// What is said about a request. Strings are the client's own: they are escaped.
struct access_record {
    std::string method, path, host, request_id, forwarded, instance, app;
    std::string_view code;  // empty: at=info
    std::string_view what;
    std::int64_t connect_ms{0}, service_ms{0};
    int status{0};
    std::uint64_t bytes{0};
    bool https{false};
    void clear();
};

/// "2026-01-02T03:04:05.678901Z at=info method=GET … app=hello", the time being now.
void append_line(const access_record& r, std::string& out);

class access_log {
 public:
    static constexpr std::size_t max_pending = 4 << 20;  // bytes

    /// Writes to `fd`, which stays the caller's.
    explicit access_log(int fd);
    explicit access_log(std::unique_ptr<access_file> file);
    ~access_log();
    access_log(const access_log&) = delete;
    access_log& operator=(const access_log&) = delete;

    /// Takes whole lines and leaves `lines` empty. Any thread; never waits for the reader.
    void write(std::string& lines);
    std::uint64_t dropped() const;

 private:
    void run();
    bool put(std::string_view lines);
    bool put_to_descriptor(std::string_view lines);

    int fd_{-1};
    std::unique_ptr<access_file> file_;
    mutable std::mutex mutex_;
    std::condition_variable filled_;
    std::string pending_;
    std::uint64_t dropped_{0};
    std::uint64_t dropped_said_{0};
    bool stopping_{false};
    std::thread thread_;
};

}  // namespace gasper::router
