#include "router/access_log.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

namespace gasper::router {

namespace {

void append_quoted(std::string& out, std::string_view value) {
    constexpr std::string_view hex = "0123456789abcdef";
    out += '"';
    for (unsigned char c : value) {
        if (c == '"' || c == '\\') out += '\\';
        if (c >= ' ' && c < 0x7f) {
            out += static_cast<char>(c);
        } else {
            out += "\\x";
            out += hex[c >> 4];
            out += hex[c & 15];
        }
    }
    out += '"';
}

template <class N>
void append_number(std::string& out, N n) {
    char digits[20];
    out.append(digits, std::to_chars(digits, digits + sizeof digits, n).ptr);
}

}  // namespace

void access_record::clear() {
    method.clear();
    path.clear();
    host.clear();
    request_id.clear();
    forwarded.clear();
    instance.clear();
    code = what = {};
    connect_ms = service_ms = 0;
    status = 0;
    bytes = 0;
}

void append_line(const access_record& r, std::string& out) {
    if (r.code.empty()) {
        out += "at=info";
    } else {
        out.append("at=error code=").append(r.code).append(" desc=");
        append_quoted(out, r.what);
    }
    // Method, host and ids passed strict parsing: they need no quotes.
    out.append(" method=").append(r.method).append(" path=");
    append_quoted(out, r.path);
    out.append(" host=").append(r.host).append(" request_id=").append(r.request_id).append(" fwd=");
    append_quoted(out, r.forwarded);
    out.append(" instance=").append(r.instance).append(" connect=");
    append_number(out, r.connect_ms);
    out += "ms service=";
    append_number(out, r.service_ms);
    out += "ms status=";
    append_number(out, r.status);
    out += " bytes=";
    append_number(out, r.bytes);
    out.append(" protocol=").append(r.https ? "https" : "http").append("\n");
}

access_log::access_log(int fd) : fd_(fd), thread_([this] { run(); }) {}

access_log::~access_log() {
    {
        std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    filled_.notify_one();
    thread_.join();
}

void access_log::write(std::string& lines) {
    if (lines.empty()) return;
    {
        std::lock_guard lock(mutex_);
        if (pending_.size() + lines.size() > max_pending)
            dropped_ += static_cast<std::uint64_t>(std::count(lines.begin(), lines.end(), '\n'));
        else
            pending_ += lines;
    }
    lines.clear();
    filled_.notify_one();
}

std::uint64_t access_log::dropped() const {
    std::lock_guard lock(mutex_);
    return dropped_;
}

void access_log::run() {
    std::string lines;
    for (;;) {
        bool last = false;
        {
            std::unique_lock lock(mutex_);
            filled_.wait(lock, [this] { return stopping_ || !pending_.empty(); });
            lines.swap(pending_);
            if (dropped_ > dropped_said_)
                lines +=
                    "at=warn desc=\"access log too slow\" dropped=" + std::to_string(dropped_ - dropped_said_) + "\n";
            dropped_said_ = dropped_;
            last = stopping_;
        }
        for (std::size_t at = 0; at < lines.size();) {
            // A reader that has stalled must not keep the router from ending.
            pollfd p{fd_, POLLOUT, 0};
            if (::poll(&p, 1, 1000) == 0) {
                std::lock_guard lock(mutex_);
                if (stopping_) return;
                continue;
            }
            const auto n = ::write(fd_, lines.data() + at, std::min<std::size_t>(lines.size() - at, 4096));
            if (n < 0 && errno != EINTR && errno != EAGAIN) return;  // nobody reads: from here on lines are dropped
            if (n > 0) at += static_cast<std::size_t>(n);
        }
        lines.clear();
        if (last) return;
    }
}

}  // namespace gasper::router
