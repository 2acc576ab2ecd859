// HTTP/1.1 heads, sans-io: bytes in, a view of them out. Strict where leniency would let two parties read one message
// differently (RFC 9112 §2.2, §5, §6, §11.2): what a client could smuggle past the router is refused. Allocates
// nothing: every string_view points into the caller's buffer, which must outlive the head. Any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace gasper::router {

/// Fields that the router itself reads, writes or removes; everything else passes through as `other`.
enum class field_id : std::uint8_t {
    other,
    connection,
    content_length,
    expect,
    forwarded,
    host,
    http2_settings,
    keep_alive,
    proxy_connection,
    te,
    transfer_encoding,
    upgrade,
    x_forwarded_for,
    x_forwarded_host,
    x_forwarded_port,
    x_forwarded_proto,
    x_request_id,
    x_request_start,
    /// A known name spelled with '_' for '-': CGI and WSGI cannot tell the two apart, so it must not reach an app.
    disguised
};

struct field {
    std::string_view name;
    std::string_view value;
    field_id id{field_id::other};
};

enum class body_kind : std::uint8_t { none, length, chunked, until_close };

struct head_limits {
    static constexpr std::size_t head = 64 * 1024;  // bytes, with the final empty line
    static constexpr std::size_t line = 16 * 1024;  // bytes of a request line
    static constexpr std::size_t fields = 100;
    static constexpr std::size_t method = 32;  // bytes
};

/// Why a head was refused: the status to answer (a response's is always 502). Status 0 is no refusal.
struct head_refusal {
    int status{0};
    std::string_view reason;
    explicit operator bool() const noexcept { return status != 0; }
};

/// What requests and responses share.
struct message_head {
    int minor{1};  // HTTP/1.minor, 0 or 1
    std::array<field, head_limits::fields> field_store;
    std::size_t field_count{0};
    body_kind body{body_kind::none};
    std::uint64_t content_length{0};
    bool has_content_length{false};
    bool keep_alive{true};
    /// Connection names further fields, which then go no further than this hop.
    bool connection_names_fields{false};
    /// The Upgrade field's value when Connection says "upgrade", else empty.
    std::string_view upgrade;

    std::span<const field> fields() const noexcept { return {field_store.data(), field_count}; }
    /// The first value of a known field, else empty.
    std::string_view find(field_id id) const noexcept;
    bool has(field_id id) const noexcept;
    /// Is a field of this name listed in Connection (RFC 9110 §7.6.1)?
    bool listed_in_connection(std::string_view name) const noexcept;
};

struct request_head : message_head {
    std::string_view method;
    std::string_view target;     // origin-form ("/a?b") or "*"; absolute-form is reduced to it
    std::string_view authority;  // "host:port" as sent
    std::string_view host;       // without port
    bool expects_continue{false};
};

struct response_head : message_head {
    int status{0};
    std::string_view reason;
};

/// Looks for the end of a head. `scanned` remembers, between calls over a growing buffer, what was looked at, so that
/// a head that comes byte by byte costs no more than one that comes at once; begin with 0.
struct head_end {
    enum class state : std::uint8_t { incomplete, complete, bad } is{state::incomplete};
    std::size_t size{0};  // bytes of the head with its empty line
};
head_end find_head_end(std::string_view data, std::size_t& scanned) noexcept;

/// `head` is exactly what find_head_end measured.
head_refusal parse_request(std::string_view head, request_head& out) noexcept;

/// `answers_head`: the request was HEAD, so there is no body whatever the fields say.
head_refusal parse_response(std::string_view head, bool answers_head, response_head& out) noexcept;

bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept;
/// Is `token` a member of the comma-separated list `value`? Case does not matter.
bool list_contains(std::string_view value, std::string_view token) noexcept;

}  // namespace gasper::router
