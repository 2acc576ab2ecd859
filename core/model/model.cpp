#include "core/model/model.hpp"

#include <fmt/chrono.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "core/model/letters.hpp"

namespace gasper {

namespace {

// Names that are users of the SSH door or hosts of Gasper's own.
constexpr std::array<std::string_view, 12> reserved_names{"git",  "gasper", "www", "api", "root",      "admin",
                                                          "mail", "smtp",   "ns1", "ns2", "localhost", "dashboard"};

// Of decimal digits alone, as many as are given.
std::optional<int> digits_at(std::string_view text, std::size_t at, std::size_t count) {
    if (text.size() < at + count) return std::nullopt;
    int value = 0;
    for (const char c : text.substr(at, count)) {
        if (c < '0' || c > '9') return std::nullopt;
        value = value * 10 + (c - '0');
    }
    return value;
}

// What follows the seconds: ".123" is cut off `rest`.
std::optional<std::chrono::milliseconds> take_fraction(std::string_view& rest) {
    if (!rest.starts_with('.')) return std::chrono::milliseconds(0);
    const auto end = std::min(rest.find_first_not_of("0123456789", 1), rest.size());
    if (end < 2 || end > 10) return std::nullopt;
    auto digits = std::string(rest.substr(1, std::min<std::size_t>(end - 1, 3)));
    digits.resize(3, '0');
    rest.remove_prefix(end);
    return std::chrono::milliseconds(*digits_at(digits, 0, 3));
}

// "Z", "+02:00".
std::optional<std::chrono::minutes> offset_of(std::string_view zone) {
    if (zone == "Z" || zone == "z") return std::chrono::minutes(0);
    const auto hour = digits_at(zone, 1, 2), minute = digits_at(zone, 4, 2);
    const bool signed_one = zone.size() == 6 && (zone[0] == '+' || zone[0] == '-') && zone[3] == ':';
    if (!signed_one || !hour || !minute || *hour > 23 || *minute > 59) return std::nullopt;
    const std::chrono::minutes offset(*hour * 60 + *minute);
    return zone[0] == '-' ? -offset : offset;
}

std::optional<sys_time> time_in(std::string_view text) {
    const auto year = digits_at(text, 0, 4), month = digits_at(text, 5, 2), day = digits_at(text, 8, 2);
    const auto hour = digits_at(text, 11, 2), minute = digits_at(text, 14, 2), second = digits_at(text, 17, 2);
    if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
    const bool marks = text[4] == '-' && text[7] == '-' && (text[10] == 'T' || text[10] == 't' || text[10] == ' ') &&
                       text[13] == ':' && text[16] == ':';
    const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                           std::chrono::day(static_cast<unsigned>(*day))};
    if (!marks || !date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
    auto rest = text.substr(19);
    const auto fraction = take_fraction(rest);
    const auto offset = offset_of(rest);
    if (!fraction || !offset) return std::nullopt;
    return std::chrono::sys_days(date) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
           std::chrono::seconds(*second) + *fraction - *offset;
}

}  // namespace

std::string to_rfc3339(sys_time at) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(at);
    const auto millis = (at - seconds).count();
    return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)),
                       millis);
}

result<sys_time> parse_rfc3339(const std::string& text) {
    const auto at = text.size() <= 40 ? time_in(text) : std::nullopt;
    if (at) return *at;
    return fail(errc::invalid, "time", "a time is written as 2026-07-15T12:00:00Z, or with +02:00 instead of Z");
}

process_rules rules_of(const release& r, const std::string& process, process_rules rules) {
    rules.limit = r.limit;
    for (const auto* said : {&r.declared, &r.set})
        if (const auto found = said->find(process); found != said->end()) rules = apply(found->second, rules);
    return rules;
}

std::string_view to_string(instance_state s) noexcept {
    switch (s) {
        case instance_state::starting:
            return "starting";
        case instance_state::up:
            return "up";
        case instance_state::crashed:
            return "crashed";
        case instance_state::stopping:
            return "stopping";
        case instance_state::down:
            return "down";
    }
    return "down";
}

std::string_view to_string(build_state s) noexcept {
    switch (s) {
        case build_state::running:
            return "running";
        case build_state::succeeded:
            return "succeeded";
        case build_state::failed:
            return "failed";
    }
    return "failed";
}

std::string_view to_string(release_state s) noexcept {
    switch (s) {
        case release_state::pending:
            return "pending";
        case release_state::succeeded:
            return "succeeded";
        case release_state::failed:
            return "failed";
    }
    return "failed";
}

result<> check_app_name(const std::string& name) {
    const auto refuse = [](std::string why) { return fail(errc::invalid, "app_name_invalid", std::move(why)); };
    if (name.size() < 2 || name.size() > 30)
        return refuse("an app name has 2 to 30 characters; this one has " + std::to_string(name.size()));
    if (!lower(name.front())) return refuse("an app name begins with a letter a-z");
    if (name.back() == '-') return refuse("an app name does not end with '-'");
    if (!std::all_of(name.begin(), name.end(), [](char c) { return lower(c) || digit(c) || c == '-'; }))
        return refuse("an app name has only a-z, 0-9 and '-'");
    if (std::find(reserved_names.begin(), reserved_names.end(), name) != reserved_names.end())
        return refuse("'" + name + "' is reserved; choose another name");
    return {};
}

result<> check_config_var(const std::string& name, const std::string& value) {
    const auto refuse = [](std::string why) { return fail(errc::invalid, "config_var_invalid", std::move(why)); };
    const bool named = !name.empty() && !digit(name.front()) && name.size() <= 128 &&
                       std::all_of(name.begin(), name.end(), [](char c) { return letter(c) || digit(c) || c == '_'; });
    if (!named)
        return refuse("a config var's name is a letter or '_', then letters, digits and '_', at most 128 characters");
    if (name == "PORT" || name.starts_with("GASPER_"))
        return refuse(name + " is set by Gasper itself; choose another name");
    if (value.size() > 65536) return refuse(name + ": the value is longer than 64 KiB");
    if (value.find('\0') != std::string::npos) return refuse(name + ": a value holds no NUL byte");
    return {};
}

result<> check_user_name(const std::string& name) {
    const bool fits = !name.empty() && name.size() <= 32 && lower(name.front()) &&
                      std::all_of(name.begin(), name.end(),
                                  [](char c) { return lower(c) || digit(c) || c == '-' || c == '_' || c == '.'; });
    if (fits) return {};
    return fail(errc::invalid, "user_name_invalid",
                "a user name is a letter a-z, then a-z, 0-9, '-', '_', '.', at most 32 characters");
}

}  // namespace gasper
