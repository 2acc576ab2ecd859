#include "web/http.hpp"

#include <algorithm>
#include <array>

namespace gasper::web {

namespace {

constexpr std::array<std::pair<std::string_view, method>, 7> method_names{{{"GET", method::get},
                                                                           {"HEAD", method::head},
                                                                           {"POST", method::post},
                                                                           {"PUT", method::put},
                                                                           {"PATCH", method::patch},
                                                                           {"DELETE", method::del},
                                                                           {"OPTIONS", method::options}}};

constexpr char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

}  // namespace

std::string_view to_string(method m) noexcept {
    for (const auto& [name, value] : method_names)
        if (value == m) return name;
    return "OTHER";
}

method parse_method(std::string_view name) noexcept {
    for (const auto& [known, value] : method_names)
        if (known == name) return value;
    return method::other;
}

bool same_ignoring_case(std::string_view a, std::string_view b) noexcept {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

void headers::set(std::string_view name, std::string value) {
    std::erase_if(fields_, [&](const auto& f) { return same_ignoring_case(f.first, name); });
    fields_.emplace_back(name, std::move(value));
}

std::string_view headers::get(std::string_view name) const noexcept {
    for (const auto& [field, value] : fields_)
        if (same_ignoring_case(field, name)) return value;
    return {};
}

bool headers::has(std::string_view name) const noexcept {
    return count(name) > 0;
}

std::size_t headers::count(std::string_view name) const noexcept {
    return static_cast<std::size_t>(std::count_if(fields_.begin(), fields_.end(),
                                                  [&](const auto& f) { return same_ignoring_case(f.first, name); }));
}

std::string_view reason_phrase(int status) noexcept {
    switch (status) {
        case 200:
            return "OK";
        case 201:
            return "Created";
        case 202:
            return "Accepted";
        case 204:
            return "No Content";
        case 304:
            return "Not Modified";
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 408:
            return "Request Timeout";
        case 409:
            return "Conflict";
        case 413:
            return "Content Too Large";
        case 414:
            return "URI Too Long";
        case 415:
            return "Unsupported Media Type";
        case 421:
            return "Misdirected Request";
        case 422:
            return "Unprocessable Content";
        case 429:
            return "Too Many Requests";
        case 431:
            return "Request Header Fields Too Large";
        case 500:
            return "Internal Server Error";
        case 503:
            return "Service Unavailable";
        case 504:
            return "Gateway Timeout";
        default:
            return "Unknown";
    }
}

}  // namespace gasper::web
