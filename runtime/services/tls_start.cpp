#include "runtime/services/tls_start.hpp"

#include <algorithm>

namespace gasper::runtime {

result<> check_tls_start(const tls_start_rules& rules) {
    const auto wrong = [](const std::string& why) { return fail(errc::invalid, "tls_start", why); };
    if (rules.ask.size() > tls_start::longest_ask) return wrong("what is asked is too long");
    if (rules.ask.empty() != rules.answer.empty()) return wrong("what is asked and its answer belong together");
    if (rules.greeted && !(rules.ask.empty() && rules.declined.empty() && rules.refusal.empty()))
        return wrong("where the server speaks first nothing else is said");
    if (rules.declined.empty() != rules.decline.empty())
        return wrong("what is declined and its answer belong together");
    for (const auto& other : rules.declined)
        if (other.size() != rules.ask.size() || other == rules.ask)
            return wrong("what is declined is as long as what is asked, and not the same");
    return {};
}

std::string tls_start::take(std::string_view bytes) {
    if (bytes == rules_.ask) {
        state_ = state::begun;
        return rules_.answer;
    }
    const auto at = std::find(declined_.begin(), declined_.end(), bytes);
    if (at == declined_.end()) {
        state_ = state::refused;
        return rules_.refusal;
    }
    declined_.erase(at);
    return rules_.decline;
}

}  // namespace gasper::runtime
