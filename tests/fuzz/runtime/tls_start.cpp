// Any bytes as rules and as what a client says by them: a connection asks for a bounded number of bytes, is answered
// only with words of the rules, and ends as begun or refused.
// sources: core/base/error.cpp runtime/services/tls_start.cpp
#include <algorithm>
#include <cstdlib>

#include "runtime/services/tls_start.hpp"

namespace {

std::string take_some(std::string_view& from) {
    if (from.empty()) return {};
    const auto size = std::min<std::size_t>(static_cast<unsigned char>(from.front()) % 80, from.size() - 1);
    std::string some(from.substr(1, size));
    from.remove_prefix(1 + size);
    return some;
}

void converse(const gasper::runtime::tls_start_rules& rules, std::string_view said) {
    using gasper::runtime::tls_start;
    tls_start start(rules);
    std::size_t turns = 0;
    while (const auto wanted = start.wants()) {
        if (wanted > tls_start::longest_ask || ++turns > rules.declined.size() + 1) std::abort();
        if (said.size() < wanted) return;
        const auto heard = said.substr(0, wanted);
        said.remove_prefix(wanted);
        const auto answer = start.take(heard);
        const bool begun = start.now() == tls_start::state::begun;
        if (begun != (heard == rules.ask)) std::abort();
        if (answer != rules.answer && answer != rules.decline && answer != rules.refusal) std::abort();
    }
    if (start.now() == tls_start::state::asking) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace std::string_view_literals;
    std::string_view bytes(reinterpret_cast<const char*>(data), size);
    static const gasper::runtime::tls_start_rules postgres{.ask = std::string("\0\0\0\x08\x04\xd2\x16\x2f"sv),
                                                           .answer = "S",
                                                           .declined = {std::string("\0\0\0\x08\x04\xd2\x16\x30"sv)},
                                                           .decline = "N",
                                                           .refusal = "E"};
    converse(postgres, bytes);
    gasper::runtime::tls_start_rules rules;
    rules.ask = take_some(bytes);
    rules.answer = take_some(bytes);
    for (auto n = bytes.empty() ? 0 : static_cast<unsigned char>(bytes.front()) % 4; n > 0; --n)
        rules.declined.push_back(take_some(bytes));
    rules.decline = take_some(bytes);
    rules.refusal = take_some(bytes);
    if (!gasper::runtime::check_tls_start(rules)) return 0;
    converse(rules, bytes);
    return 0;
}
