#include "buildpacks/procfile.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace gasper::buildpacks {
namespace {

constexpr std::size_t max_size = 64 << 10;
constexpr std::size_t max_types = 50;
constexpr std::size_t max_name = 40;
constexpr std::size_t max_command = 8 << 10;

bool is_name(std::string_view text) {
    return !text.empty() && text.size() <= max_name && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    });
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view blank = " \t\r";
    const auto first = text.find_first_not_of(blank);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

error refused(std::size_t line, std::string_view what) {
    return fail(errc::invalid, "procfile_invalid", fmt::format("Procfile line {}: {}", line, what));
}

/// A name as it may be shown: cut, and free of control characters.
std::string shown(std::string_view text) {
    std::string out(text.substr(0, max_name));
    std::replace_if(
        out.begin(), out.end(), [](unsigned char c) { return c < 0x20 || c >= 0x7f; }, '?');
    return out;
}

result<> parse_line(std::string_view line, std::size_t number, process_types& types) {
    if (line.empty() || line.front() == '#') return {};
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) {
        return refused(number, fmt::format("expected \"name: command\", found \"{}\"", shown(line)));
    }
    const auto name = trimmed(line.substr(0, colon));
    const auto command = trimmed(line.substr(colon + 1));
    if (!is_name(name)) {
        return refused(number, fmt::format("\"{}\" is no process name: use up to {} of a-z, A-Z, 0-9, '-' and '_'",
                                           shown(name), max_name));
    }
    if (command.empty()) return refused(number, fmt::format("{} has no command", name));
    if (command.size() > max_command) return refused(number, fmt::format("the command of {} is too long", name));
    if (types.size() == max_types) return refused(number, fmt::format("more than {} process types", max_types));
    if (!types.emplace(name, command).second) return refused(number, fmt::format("{} is there twice", name));
    return {};
}

}  // namespace

result<process_types> parse_procfile(std::string_view text) {
    if (text.size() > max_size) return fail(errc::too_large, "procfile_invalid", "Procfile: more than 64 KiB");
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    process_types types;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const auto end = text.find('\n');
        const auto line = text.substr(0, end);
        if (line.find('\0') != std::string_view::npos) return refused(number, "not a text file");
        if (auto ok = parse_line(trimmed(line), number, types); !ok) return ok.error();
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return types;
}

}  // namespace gasper::buildpacks
