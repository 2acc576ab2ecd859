#include "receiver/listen_address.hpp"

#include <charconv>

namespace gasper::receiver {

result<listen_address> parse_listen_address(std::string_view text) {
    const auto wrong = fail(errc::invalid, "listen_address",
                            "'" + std::string(text) + "' is no address to listen at: ADDR:PORT, [ADDR]:PORT or :PORT");
    const auto colon = text.rfind(':');
    if (colon == text.npos) return wrong;
    const auto digits = text.substr(colon + 1);
    auto host = text.substr(0, colon);
    listen_address address;
    const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), address.port);
    if (digits.empty() || ec != std::errc() || end != digits.data() + digits.size()) return wrong;
    address.any = host.empty();
    if (host.starts_with('[') && host.ends_with(']'))
        host = host.substr(1, host.size() - 2);
    else if (host.find(':') != host.npos)
        return wrong;
    if (!address.any && host.empty()) return wrong;
    address.host = host;
    return address;
}

}  // namespace gasper::receiver
