// Any bytes, cut anywhere, are packets or a refusal; and the same whether they come at once or piecewise.
// sources: core/base/error.cpp receiver/git/pkt_line.cpp
#include "receiver/git/pkt_line.hpp"

#include <cstdint>
#include <cstdlib>
#include <vector>

using namespace gasper::receiver;

static std::vector<pkt> read_all(std::string_view bytes, std::size_t step) {
    pkt_reader reader;
    std::vector<pkt> got;
    for (std::size_t at = 0; at < bytes.size(); at += step) {
        reader.feed(bytes.substr(at, step));
        for (;;) {
            auto next = reader.next();
            if (!next || !*next) break;
            got.push_back(**next);
        }
    }
    return got;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    if (read_all(bytes, bytes.size() + 1) != read_all(bytes, data[0] % 13 + 1)) std::abort();
    return 0;
}
