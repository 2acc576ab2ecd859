#include "runtime/launch_command.hpp"

#include <algorithm>
#include <array>

namespace gasper::runtime {
namespace {

/// The command without what stands in quotes or after a backslash.
std::string unquoted(std::string_view command) {
    std::string out;
    char quote = 0;
    for (std::size_t i = 0; i < command.size(); ++i) {
        const char c = command[i];
        if (c == '\\' && quote != '\'') {
            ++i;
        } else if (quote) {
            if (c == quote) quote = 0;
        } else if (c == '\'' || c == '"') {
            quote = c;
        } else {
            out += c;
        }
    }
    return out;
}

bool begins_with_assignment(std::string_view command) {
    const auto end = command.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");
    return end != std::string_view::npos && end > 0 && command[end] == '=' && !(command[0] >= '0' && command[0] <= '9');
}

}  // namespace

std::string launch_command(std::string_view command) {
    constexpr std::array shell_words{"exec", "cd",     "if", "for", "while", "until", "case",   "set",   "(",
                                     "{",    "export", ".",  "!",   "trap",  "eval",  "ulimit", "umask", "unset"};
    const auto first = command.substr(0, command.find_first_of(" \t"));
    const bool shells = std::find(shell_words.begin(), shell_words.end(), first) != shell_words.end() ||
                        unquoted(command).find_first_of(";&|\n()") != std::string::npos;
    if (shells) return std::string(command);
    return (begins_with_assignment(command) ? "exec env " : "exec ") + std::string(command);
}

}  // namespace gasper::runtime
