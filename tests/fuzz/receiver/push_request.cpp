// What a pushing client sends: parsed within its bounds, or refused; what is taken can be reported.
// sources: core/base/error.cpp receiver/git/pkt_line.cpp receiver/git/push_request.cpp receiver/git/ref_name.cpp
#include "receiver/git/push_request.hpp"

#include <cstdint>
#include <cstdlib>

#include "receiver/git/ref_name.hpp"

using namespace gasper::receiver;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    const std::size_t step = data[0] % 61 + 1;
    push_request_parser parser({.commands = 8, .bytes = 4096});
    for (std::size_t at = 0; at < bytes.size(); at += step) {
        auto got = parser.feed(bytes.substr(at, step));
        if (!got) return 0;
        if (!*got) continue;
        if ((*got)->commands.size() > 8) std::abort();
        std::vector<ref_outcome> outcomes;
        for (const auto& command : (*got)->commands) {
            if (command.old_oid.size() != 40 || command.new_oid.size() != 40) std::abort();
            outcomes.push_back({command.ref, is_valid_ref_name(command.ref) ? "" : "funny refname"});
        }
        pkt_reader reader;
        reader.feed(report("ok", outcomes));
        for (std::size_t i = 0; i < outcomes.size() + 2; ++i) {
            auto packet = reader.next();
            if (!packet || !*packet) std::abort();
        }
        if (reader.buffered() != 0) std::abort();
        return 0;
    }
    return 0;
}
