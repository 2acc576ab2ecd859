// Git's pkt-line framing (gitprotocol-common): four hex digits of length, then the payload. Sans-io: bytes in, packets
// out, and back. Values only; no threads, nothing owned by others.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/error.hpp"

namespace gasper::receiver {

struct pkt {
    enum class kind { data, flush, delimiter, response_end };
    kind type{kind::data};
    std::string payload;  // of data: may be empty, may hold any byte
    bool operator==(const pkt&) const = default;
};

inline constexpr std::size_t pkt_max_payload = 65516;
inline constexpr std::string_view flush_pkt = "0000";

/// Takes bytes as they come and gives packets. After the first error every call refuses.
class pkt_reader {
 public:
    void feed(std::string_view bytes);
    /// The next whole packet; none: more bytes are needed.
    result<std::optional<pkt>> next();
    /// Bytes behind the last packet that next() gave; the reader is empty afterwards.
    std::string take_rest();
    std::size_t buffered() const noexcept { return buffer_.size() - at_; }

 private:
    std::string buffer_;
    std::size_t at_{0};
    bool broken_{false};
};

/// Appends one data packet; `payload` is at most pkt_max_payload bytes.
void append_pkt(std::string& out, std::string_view payload);

enum class band : char { data = 1, progress = 2, fatal = 3 };

/// Appends `data` as packets of a side band (side-band-64k), as many as it takes; empty data is one empty packet.
void append_band(std::string& out, band to, std::string_view data);

}  // namespace gasper::receiver
