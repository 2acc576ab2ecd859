#include "router/access_log.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>

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

// Lines are gathered for as long: a write for each would cost more than the request it speaks of.
constexpr std::chrono::milliseconds gathered{20};

void append_digits(std::string& out, unsigned value, int width) {
    char digits[10];
    for (int i = width; i-- > 0; value /= 10)
        digits[i] = static_cast<char>('0' + value % 10);
    out.append(digits, static_cast<std::size_t>(width));
}

void append_time(std::string& out) {
    using namespace std::chrono;
    const auto at = floor<microseconds>(system_clock::now());
    const auto day = floor<days>(at);
    const year_month_day date(day);
    const hh_mm_ss time(at - day);
    append_digits(out, static_cast<unsigned>(int{date.year()}), 4);
    append_digits(out += '-', unsigned{date.month()}, 2);
    append_digits(out += '-', unsigned{date.day()}, 2);
    append_digits(out += 'T', static_cast<unsigned>(time.hours().count()), 2);
    append_digits(out += ':', static_cast<unsigned>(time.minutes().count()), 2);
    append_digits(out += ':', static_cast<unsigned>(time.seconds().count()), 2);
    append_digits(out += '.', static_cast<unsigned>(time.subseconds().count()), 6);
    out += 'Z';
}

}  // namespace

void access_record::clear() {
    method.clear();
    path.clear();
    host.clear();
    request_id.clear();
    forwarded.clear();
    instance.clear();
    app.clear();
    code = what = {};
    connect_ms = service_ms = 0;
    status = 0;
    bytes = 0;
}

void append_line(const access_record& r, std::string& out) {
    append_time(out);
    if (r.code.empty()) {
        out += " at=info";
    } else {
        out.append(" at=error code=").append(r.code).append(" desc=");
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
    out.append(" protocol=").append(r.https ? "https" : "http").append(" app=").append(r.app).append("\n");
}

access_log::access_log(int fd) : fd_(fd), thread_([this] { run(); }) {}

access_log::access_log(std::unique_ptr<access_file> file) : file_(std::move(file)), thread_([this] { run(); }) {}

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
    bool wake = false;
    {
        std::lock_guard lock(mutex_);
        wake = pending_.empty() || pending_.size() > max_pending / 2;
        if (pending_.size() + lines.size() > max_pending)
            dropped_ += static_cast<std::uint64_t>(std::count(lines.begin(), lines.end(), '\n'));
        else
            pending_ += lines;
    }
    lines.clear();
    if (wake) filled_.notify_one();
}

std::uint64_t access_log::dropped() const {
    std::lock_guard lock(mutex_);
    return dropped_;
}

// False: from here on nobody reads.
bool access_log::put_to_descriptor(std::string_view lines) {
    while (!lines.empty()) {
        // A reader that has stalled must not keep the router from ending.
        pollfd p{fd_, POLLOUT, 0};
        if (::poll(&p, 1, 1000) == 0) {
            std::lock_guard lock(mutex_);
            if (stopping_) return false;
            continue;
        }
        const auto n = ::write(fd_, lines.data(), std::min<std::size_t>(lines.size(), 4096));
        if (n < 0 && errno != EINTR && errno != EAGAIN) return false;
        if (n > 0) lines.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
}

bool access_log::put(std::string_view lines) {
    if (!file_) return put_to_descriptor(lines);
    if (file_->write(lines)) return true;
    std::lock_guard lock(mutex_);
    dropped_ += static_cast<std::uint64_t>(std::count(lines.begin(), lines.end(), '\n'));
    return true;  // the disk may have room again
}

void access_log::run() {
    std::string lines;
    for (bool last = false; !last;) {
        {
            std::unique_lock lock(mutex_);
            filled_.wait(lock, [this] { return stopping_ || !pending_.empty(); });
            filled_.wait_for(lock, gathered, [this] { return stopping_ || pending_.size() > max_pending / 2; });
            lines.swap(pending_);
            if (dropped_ > dropped_said_) {
                append_time(lines);
                lines +=
                    " at=warn desc=\"access log too slow\" dropped=" + std::to_string(dropped_ - dropped_said_) + "\n";
            }
            dropped_said_ = dropped_;
            last = stopping_;
        }
        if (!put(lines)) return;
        lines.clear();
    }
}

}  // namespace gasper::router
