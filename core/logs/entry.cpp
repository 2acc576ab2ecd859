#include "core/logs/entry.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace gasper {

namespace {

template <class Number>
bool parse_number(std::string_view text, Number& into) {
    const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), into);
    return wrong == std::errc() && end == text.data() + text.size();
}

void append_origin(std::string_view origin, log_place place, std::string& out) {
    if (origin.empty())
        out += '-';
    else
        fmt::format_to(std::back_inserter(out), "{}:{}:{}", origin, place.major, place.minor);
}

bool parse_origin(std::string_view field, log_entry& into) {
    if (field == "-") return true;
    const auto second = field.rfind(':');
    if (second == 0 || second == std::string_view::npos) return false;
    const auto first = field.rfind(':', second - 1);
    if (first == 0 || first == std::string_view::npos) return false;
    into.origin = field.substr(0, first);
    return parse_number(field.substr(first + 1, second - first - 1), into.place.major) &&
           parse_number(field.substr(second + 1), into.place.minor);
}

}  // namespace

void append_record(const log_entry& e, std::string& out) {
    fmt::format_to(std::back_inserter(out), "{}\t{}\t{}\t{}\t", e.sequence, e.at.time_since_epoch().count(), e.source,
                   e.error ? 'e' : 'o');
    append_origin(e.origin, e.place, out);
    out += '\t';
    const auto begin = out.size();
    out += e.text;
    std::replace_if(
        out.begin() + static_cast<std::ptrdiff_t>(begin), out.end(), [](char c) { return c == '\n' || c == '\r'; },
        ' ');
    out += '\n';
}

void append_mark(std::string_view origin, log_place place, std::string& out) {
    out += "0\t0\t\t-\t";
    append_origin(origin, place, out);
    out += "\t\n";
}

std::optional<log_entry> parse_record(std::string_view line) {
    std::array<std::string_view, 5> field;
    for (auto& f : field) {
        const auto end = line.find('\t');
        if (end == std::string_view::npos) return std::nullopt;
        f = line.substr(0, end);
        line.remove_prefix(end + 1);
    }
    log_entry e;
    std::int64_t at = 0;
    if (!parse_number(field[0], e.sequence) || !parse_number(field[1], at)) return std::nullopt;
    if (!parse_origin(field[4], e)) return std::nullopt;
    e.at = log_time(std::chrono::nanoseconds(at));
    e.source = field[2];
    e.error = field[3] == "e";
    e.text = line;
    return e;
}

}  // namespace gasper
