#include "control/backups/contents.hpp"

#include <charconv>

namespace gasper::control {

result<contents> parse_contents(std::string_view text) {
    contents found;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        const auto line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.empty()) continue;
        std::int64_t number = 0;
        const auto [stop, bad] = std::from_chars(line.data(), line.data() + line.size(), number);
        const auto used = static_cast<std::size_t>(stop - line.data());
        if (bad != std::errc() || used + 1 >= line.size() || line[used] != ' ')
            return fail(errc::failed, "backup_contents", "the database's contents cannot be counted");
        found[std::string(line.substr(used + 1))] = number;
    }
    return found;
}

result<> check_restored(const contents& before, const contents& after, const contents& restored) {
    for (const auto& [name, number] : before) {
        const auto later = after.find(name);
        if (later == after.end()) continue;  // it went meanwhile
        const auto there = restored.find(name);
        if (there == restored.end())
            return fail(errc::failed, "backup_incomplete", name + " is missing in what was restored");
        if (later->second == number && there->second != number)
            return fail(errc::failed, "backup_incomplete",
                        name + " has " + std::to_string(there->second) + " entries in what was restored, not " +
                            std::to_string(number));
    }
    return {};
}

}  // namespace gasper::control
