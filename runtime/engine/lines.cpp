#include "runtime/engine/lines.hpp"

#include <algorithm>
#include <utility>

namespace gasper::runtime {

void line_splitter::feed(std::string_view data, const sink& out) {
    while (!data.empty()) {
        const auto end = data.find('\n');
        auto part = data.substr(0, end);
        while (!part.empty()) {
            const auto n = std::min(part.size(), limit_ - line_.size());
            line_.append(part.substr(0, n));
            part.remove_prefix(n);
            if (line_.size() == limit_ && !part.empty()) cut(out);
        }
        if (end == std::string_view::npos) return;
        emit(out);
        data.remove_prefix(end + 1);
    }
}

void line_splitter::finish(const sink& out) {
    if (!line_.empty()) emit(out);
}

void line_splitter::emit(const sink& out) {
    while (!line_.empty() && line_.back() == '\r')
        line_.pop_back();
    if (const auto at = line_.rfind('\r'); at != std::string::npos) line_.erase(0, at + 1);
    std::erase(line_, '\0');
    out(line_);
    line_.clear();
}

void line_splitter::cut(const sink& out) {
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(line_[at]); };
    auto lead = line_.size() - 1;
    while (lead > 0 && line_.size() - lead < 4 && (byte(lead) & 0xC0) == 0x80)
        --lead;
    const std::size_t length = byte(lead) >= 0xF0 ? 4 : byte(lead) >= 0xE0 ? 3 : byte(lead) >= 0xC0 ? 2 : 1;
    // A character that is not complete yet belongs to what follows; what is no UTF-8 is cut as it is.
    const bool incomplete = lead > 0 && lead + length > line_.size();
    std::string rest = incomplete ? line_.substr(lead) : std::string();
    line_.resize(line_.size() - rest.size());
    emit(out);
    line_ = std::move(rest);
}

bool line_limiter::pass(time_point now) {
    if (last_ == time_point{}) last_ = now;
    tokens_ = std::min(burst_, tokens_ + rate_ * std::chrono::duration<double>(now - last_).count());
    last_ = now;
    if (tokens_ < 1) {
        ++dropped_;
        return false;
    }
    tokens_ -= 1;
    return true;
}

std::uint64_t line_limiter::take_dropped() noexcept {
    return std::exchange(dropped_, 0);
}

}  // namespace gasper::runtime
