#include "runtime/engine/stdcopy.hpp"

#include <algorithm>

namespace gasper::runtime {

result<> stdcopy_parser::feed(std::string_view data, const piece_sink& out) {
    while (!data.empty() && !broken_) {
        if (left_ > 0) {
            const auto n = std::min<std::size_t>(left_, data.size());
            out(error_, data.substr(0, n));
            data.remove_prefix(n);
            left_ -= static_cast<std::uint32_t>(n);
            continue;
        }
        header_[header_size_++] = static_cast<unsigned char>(data.front());
        data.remove_prefix(1);
        if (header_size_ < header_.size()) continue;
        header_size_ = 0;
        // Stream 0 is standard input echoed as output, 3 an error of the engine itself.
        broken_ = header_[0] > 3 || header_[1] || header_[2] || header_[3];
        error_ = header_[0] >= 2;
        left_ = std::uint32_t{header_[4]} << 24 | std::uint32_t{header_[5]} << 16 | std::uint32_t{header_[6]} << 8 |
                std::uint32_t{header_[7]};
    }
    if (broken_) return fail(errc::unavailable, "engine_protocol", "the engine's output stream is out of step");
    return {};
}

}  // namespace gasper::runtime
