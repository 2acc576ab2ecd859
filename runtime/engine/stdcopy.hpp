// The engine's multiplexed stream ("stdcopy": an 8-byte header, then that many bytes of one of the outputs) taken
// apart. Sans-io: bytes in, pieces out, whatever the chunk borders; nothing of a payload is buffered. Not thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

#include "core/base/error.hpp"

namespace gasper::runtime {

class stdcopy_parser {
 public:
    /// `error`: standard error. A piece is never empty; one frame may come in several.
    using piece_sink = std::function<void(bool error, std::string_view piece)>;

    /// Refuses (once and for all) a header that is not one: the stream is then out of step.
    result<> feed(std::string_view data, const piece_sink& out);

    /// True between frames: where a stream may end.
    bool at_border() const noexcept { return header_size_ == 0 && left_ == 0; }

 private:
    std::array<unsigned char, 8> header_{};
    std::size_t header_size_{0};
    std::uint32_t left_{0};
    bool error_{false};
    bool broken_{false};
};

}  // namespace gasper::runtime
