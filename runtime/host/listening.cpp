#include "runtime/host/listening.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <sstream>

namespace gasper::runtime {

namespace {

// The kernel prints each 32-bit word of the address in host byte order: little-endian ends with the first octet.
bool is_loopback(std::string_view address) {
    if (address.size() == 8) return address.ends_with("7F");
    return address == "00000000000000000000000001000000" ||
           (address.starts_with("0000000000000000FFFF0000") && address.ends_with("7F"));
}

}  // namespace

std::vector<listener> parse_listeners(std::string_view text) {
    constexpr std::string_view listening = "0A", resolver = "0B00007F";
    std::vector<listener> found;
    std::istringstream lines{std::string(text)};
    std::string line;
    while (std::getline(lines, line)) {
        std::istringstream fields(line);
        std::string slot, local, remote, state;
        if (!(fields >> slot >> local >> remote >> state) || state != listening) continue;
        const auto colon = local.find(':');
        if (colon == std::string::npos) continue;
        const std::string_view address(local.data(), colon);
        listener l;
        const auto* begin = local.data() + colon + 1;
        if (std::from_chars(begin, local.data() + local.size(), l.port, 16).ec != std::errc{}) continue;
        if (address == resolver) continue;
        l.loopback = is_loopback(address);
        found.push_back(l);
    }
    return found;
}

std::vector<listener> listeners_of(int pid) {
    std::vector<listener> all;
    for (const char* table : {"tcp", "tcp6"}) {
        std::ifstream file("/proc/" + std::to_string(pid) + "/net/" + table);
        const auto more = parse_listeners(std::string(std::istreambuf_iterator<char>(file), {}));
        all.insert(all.end(), more.begin(), more.end());
    }
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
}

}  // namespace gasper::runtime
