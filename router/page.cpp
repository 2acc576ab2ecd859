#include "router/page.hpp"

#include <fmt/format.h>

namespace gasper::router {

std::string_view reason_phrase(int status) noexcept {
    switch (status) {
        case 400:
            return "Bad Request";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 408:
            return "Request Timeout";
        case 414:
            return "URI Too Long";
        case 431:
            return "Request Header Fields Too Large";
        case 501:
            return "Not Implemented";
        case 502:
            return "Bad Gateway";
        case 503:
            return "Service Unavailable";
        case 504:
            return "Gateway Timeout";
        case 505:
            return "HTTP Version Not Supported";
        default:
            return "Error";
    }
}

std::string render_page(std::string_view html, page_form as) {
    return fmt::format(
        "HTTP/1.1 {} {}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\nCache-Control: no-store\r\n"
        "{}Server: gasper\r\nConnection: {}\r\n\r\n{}",
        as.status, reason_phrase(as.status), html.size(),
        as.retry_after > 0 ? fmt::format("Retry-After: {}\r\n", as.retry_after) : "",
        as.keep_alive ? "keep-alive" : "close", as.answers_head ? "" : html);
}

std::string render_page(const trouble& what, std::string_view reason, std::string_view request_id, page_form as) {
    const auto body = fmt::format(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{0}</title>\n"
        "<meta name=\"viewport\" content=\"width=device-width\"><style>body{{font:16px/1.5 system-ui,sans-serif;"
        "max-width:34em;margin:15vh auto;padding:0 1em;color:#223}}h1{{font-size:1.4em}}small{{color:#667}}</style>"
        "</head>\n<body><h1>{0}</h1><p>{1}</p>{2}\n<p><small>{3} · {4}{5}</small></p></body></html>\n",
        what.what, what.advice, reason.empty() ? "" : fmt::format("<p>Reason: {}.</p>", reason), as.status, what.code,
        request_id.empty() ? "" : fmt::format(" · request {}", request_id));
    as.retry_after = what.retry_after;
    return render_page(body, as);
}

}  // namespace gasper::router
