// Any bytes as a query, over both transports, against zones with an alias loop, wildcards and a delegation.
// sources: core/base/error.cpp dns/answer.cpp dns/message.cpp dns/name.cpp dns/records.cpp dns/wire.cpp
// sources: dns/zone_map.cpp
#include <array>
#include <cstdlib>

#include "dns/answer.hpp"
#include "dns/message.hpp"

namespace {

gasper::dns::zone_map make_zones() {
    gasper::table t;
    t.zones = {{"t",
                {{"@", "MX", 60, {"1 a", "2 b"}},
                 {"a", "A", 60, {"192.0.2.1"}},
                 {"*", "TXT", 60, {"\"x\""}},
                 {"b", "CNAME", 60, {"c"}},
                 {"c", "CNAME", 60, {"b"}},
                 {"d", "NS", 60, {"e.d"}},
                 {"e.d", "A", 60, {"192.0.2.2"}},
                 {"f.g", "AAAA", 60, {"::1"}}}}};
    return *gasper::dns::zone_map::compile(t);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace gasper::dns;
    static const zone_map zones = make_zones();
    static std::array<std::uint8_t, max_message> out;
    for (auto over : {transport::udp, transport::tcp}) {
        const auto n = answer({data, size}, over, zones, out);
        if (n == 0) continue;
        // What is said is a response to that query, within bounds.
        if (n < header_size || (over == transport::udp && n > max_udp_payload)) std::abort();
        if (out[0] != data[0] || out[1] != data[1] || (out[2] & 0x80) == 0) std::abort();
        if (answer({out.data(), n}, over, zones, out) != 0) std::abort();
    }
    return 0;
}
