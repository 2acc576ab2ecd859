// How a connection begins TLS where it does not do so with its first byte: the client asks in its protocol's words, and
// is answered. What the words are is data (service.yml); this knows no protocol. No sockets: bytes in, bytes out. Reads
// exactly what it needs, so that nothing which came unprotected is taken for what came under TLS (CVE-2011-0411).
// Where the server speaks first, greeting_start.hpp does this.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"

namespace gasper::runtime {

struct tls_start_rules {
    std::string ask;                    // what the client says for TLS; empty: TLS begins with the first byte
    std::string answer;                 // what it hears, and TLS begins
    std::vector<std::string> declined;  // what it may ask for before, each as long as `ask` and once
    std::string decline;                // what it hears to each
    std::string refusal;                // what it hears to anything else, before the end; may be empty
    bool greeted{false};                // the server speaks first, in MySQL's words; then all others are empty
};

/// Errors: invalid, when they do not fit together.
result<> check_tls_start(const tls_start_rules& rules);

/// One connection's beginning.
class tls_start {
 public:
    static constexpr std::size_t longest_ask = 64;

    explicit tls_start(const tls_start_rules& rules) : rules_(rules), declined_(rules.declined) {}

    enum class state { asking, begun, refused };
    state now() const noexcept { return rules_.ask.empty() ? state::begun : state_; }
    /// How many bytes take() gets; 0: none any more.
    std::size_t wants() const noexcept { return now() == state::asking ? rules_.ask.size() : 0; }
    /// What is sent for them. `bytes` are wants(), not 0.
    std::string take(std::string_view bytes);

 private:
    const tls_start_rules& rules_;
    std::vector<std::string> declined_;  // those that may still come
    state state_{state::asking};
};

}  // namespace gasper::runtime
