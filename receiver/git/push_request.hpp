// git receive-pack's conversation as values (gitprotocol-pack, gitprotocol-capabilities): what the server
// advertises, what the client asks, what the server reports. Sans-io: no sockets, no repository. What the client
// sends is hostile: bounded in lines and bytes.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"
#include "receiver/git/pkt_line.hpp"

namespace gasper::receiver {

inline constexpr std::string_view zero_oid = "0000000000000000000000000000000000000000";

struct advertised_ref {
    std::string name;  // "refs/heads/main"
    std::string oid;   // 40 hex digits
};

struct ref_command {
    std::string old_oid, new_oid;  // 40 lower-case hex digits; zero_oid: not there
    std::string ref;
    bool creates() const { return old_oid == zero_oid; }
    bool deletes() const { return new_oid == zero_oid; }
    bool operator==(const ref_command&) const = default;
};

struct push_request {
    std::vector<ref_command> commands;  // empty: the client has nothing to push
    bool report_status{false};          // either version
    bool side_band{false};
    bool atomic{false};
    bool quiet{false};
    bool wants_pack() const;  // a pack follows the command list
};

struct push_limits {
    std::size_t commands{1000};
    std::size_t bytes{1 << 20};  // of the whole command list
};

/// The ref advertisement, complete with its flush packet.
std::string advertise(std::span<const advertised_ref> refs);

/// Reads the command list. The bytes behind it are the pack's: take_rest().
class push_request_parser {
 public:
    explicit push_request_parser(push_limits limits = {}) : limits_(limits) {}

    /// The request when the list is complete; none: more bytes are needed. Call no more after either.
    result<std::optional<push_request>> feed(std::string_view bytes);
    std::string take_rest() { return packets_.take_rest(); }
    /// Nothing has come yet: a client that hangs up now only looked at the refs.
    bool untouched() const noexcept { return seen_ == 0; }

 private:
    result<> take_line(std::string line);
    result<> take_capabilities(std::string_view list);
    result<> take_command(std::string_view line);

    push_limits limits_;
    pkt_reader packets_;
    push_request request_;
    std::size_t seen_{0};
    bool first_{true};
};

struct ref_outcome {
    std::string ref;
    std::string refusal;  // one line; empty: done
};

/// The status report's own packets, with their flush. `unpack` is "ok" or what went wrong.
std::string report(std::string_view unpack, std::span<const ref_outcome> refs);

/// A text as one line of printable characters: nothing from outside can forge a line of the report.
std::string one_line(std::string_view text);

}  // namespace gasper::receiver
