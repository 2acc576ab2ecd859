// Any bytes as what a server and a client say before and in a login: what is asked for is bounded, nothing of an
// unprotected response goes on, packets keep their sizes, and it ends as through or refused.
// sources: runtime/services/greeting_start.cpp
#include "runtime/services/greeting_start.hpp"

#include <algorithm>
#include <cstdlib>

namespace {

using namespace gasper::runtime;

std::string_view cut(std::string_view& from, std::size_t most) {
    const auto some = from.substr(0, std::min(most, from.size()));
    from.remove_prefix(some.size());
    return some;
}

void begin(std::string_view bytes) {
    greeting_start start;
    std::size_t turns = 0;
    while (const auto wanted = start.wants()) {
        if (wanted > longest_login_packet || ++turns > 4) std::abort();
        if (bytes.size() < wanted) return;
        const auto before = start.now();
        const auto said = start.take(cut(bytes, wanted));
        if (before == greeting_start::state::asking && start.now() != greeting_start::state::refused && !said.empty())
            std::abort();
    }
    if (start.now() == greeting_start::state::refused && start.why().empty()) std::abort();
}

void log_in(std::string_view bytes) {
    greeting_login login;
    std::size_t heard = 0, said = 0;
    while (!bytes.empty()) {
        const auto what = static_cast<unsigned char>(bytes.front());
        bytes.remove_prefix(1);
        const auto piece = cut(bytes, what >> 1);
        heard += piece.size();
        said += (what & 1 ? login.from_client(piece) : login.from_server(piece)).size();
        if (said > heard) std::abort();
    }
    if (login.now() == greeting_login::state::refused && login.why().empty()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    begin(bytes);
    log_in(bytes);
    return 0;
}
