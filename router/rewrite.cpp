#include "router/rewrite.hpp"

#include <charconv>

namespace gasper::router {

namespace {

void append_field(std::string& out, std::string_view name, std::string_view value) {
    out.append(name).append(": ").append(value).append("\r\n");
}

bool passes(const message_head& head, const field& f) noexcept {
    return f.id == field_id::other && !(head.connection_names_fields && head.listed_in_connection(f.name));
}

void append_forwarding(const request_head& head, const hop& from, std::string& out) {
    out.append("X-Forwarded-For: ");
    for (const auto& f : head.fields())
        if (f.id == field_id::x_forwarded_for && !f.value.empty()) out.append(f.value).append(", ");
    out.append(from.client).append("\r\n");
    append_field(out, "X-Forwarded-Proto", from.https ? "https" : "http");
    append_field(out, "X-Forwarded-Host", head.authority);
    append_field(out, "X-Forwarded-Port", from.port);
    append_field(out, "X-Request-Id", from.request_id);
    append_field(out, "X-Request-Start", from.start_ms);
}

void append_number(std::string& out, std::uint64_t n) {
    char digits[20];
    const auto end = std::to_chars(digits, digits + sizeof digits, n).ptr;
    out.append(digits, end);
}

}  // namespace

bool is_request_id(std::string_view id) noexcept {
    if (id.size() < 20 || id.size() > 200) return false;
    for (char c : id) {
        const bool alphanumeric = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!alphanumeric && std::string_view("-_=+/.").find(c) == std::string_view::npos) return false;
    }
    return true;
}

bool passes_upgrade(const request_head& head) noexcept {
    return !head.upgrade.empty() && head.body == body_kind::none && !list_contains(head.upgrade, "h2c") &&
           !list_contains(head.upgrade, "h2");
}

void append_request(const request_head& head, const hop& from, std::string& out) {
    out.append(head.method).append(" ").append(head.target).append(" HTTP/1.1\r\nHost: ");
    out.append(head.authority).append("\r\n");
    for (const auto& f : head.fields())
        if (passes(head, f)) append_field(out, f.name, f.value);
    if (head.body == body_kind::chunked) {
        out.append("Transfer-Encoding: chunked\r\n");
    } else if (head.has_content_length) {
        out.append("Content-Length: ");
        append_number(out, head.content_length);
        out.append("\r\n");
    }
    if (head.expects_continue) out.append("Expect: 100-continue\r\n");
    if (passes_upgrade(head)) {
        out.append("Connection: Upgrade\r\n");
        append_field(out, "Upgrade", head.upgrade);
    }
    append_forwarding(head, from, out);
    out.append("\r\n");
}

void append_response(const response_head& head, response_form form, std::string& out) {
    out.append("HTTP/1.1 ");
    append_number(out, static_cast<std::uint64_t>(head.status));
    out.append(" ").append(head.reason).append("\r\n");
    for (const auto& f : head.fields()) {
        // What is special in a request (X-Request-Id, Forwarded …) is an ordinary field of a response.
        const bool hop_by_hop = f.id == field_id::connection || f.id == field_id::keep_alive ||
                                f.id == field_id::proxy_connection || f.id == field_id::te ||
                                f.id == field_id::transfer_encoding || f.id == field_id::upgrade ||
                                f.id == field_id::content_length;
        if (hop_by_hop || (head.connection_names_fields && head.listed_in_connection(f.name))) continue;
        append_field(out, f.name, f.value);
    }
    if (form.switches) {
        out.append("Connection: Upgrade\r\n");
        append_field(out, "Upgrade", head.upgrade);
    } else if (head.status >= 200) {
        if (form.body == body_kind::chunked) {
            out.append("Transfer-Encoding: chunked\r\n");
        } else if (head.has_content_length && head.status != 204) {
            out.append("Content-Length: ");
            append_number(out, head.content_length);
            out.append("\r\n");
        }
        if (!form.keep_alive)
            out.append("Connection: close\r\n");
        else if (form.client_minor == 0)
            out.append("Connection: keep-alive\r\n");
    }
    out.append("\r\n");
}

}  // namespace gasper::router
