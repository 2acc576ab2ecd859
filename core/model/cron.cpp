#include "core/model/cron.hpp"

#include "core/base/cron_expression.hpp"

namespace gasper {

std::string_view to_string(cron_overlap o) noexcept {
    switch (o) {
        case cron_overlap::allow:
            return "allow";
        case cron_overlap::forbid:
            return "forbid";
        case cron_overlap::replace:
            return "replace";
    }
    return "allow";
}

std::optional<cron_overlap> cron_overlap_of(std::string_view text) noexcept {
    for (const auto o : {cron_overlap::allow, cron_overlap::forbid, cron_overlap::replace})
        if (to_string(o) == text) return o;
    return std::nullopt;
}

result<> check_cron_line(const cron_line& line) {
    if (auto schedule = cron_expression::parse(line.schedule); !schedule) return schedule.error();
    if (line.command.find_first_not_of(" \t\n") == std::string::npos)
        return fail(errc::invalid, "command_missing", "name the command to run");
    if (line.command.size() > 4096 || line.command.find('\0') != std::string::npos)
        return fail(errc::invalid, "command_invalid", "a command has at most 4096 bytes, and no NUL");
    if (line.zone.empty() || line.zone.size() > 64)
        return fail(errc::invalid, "time_zone_unknown", "a time zone's name has 1 to 64 characters");
    return {};
}

}  // namespace gasper
