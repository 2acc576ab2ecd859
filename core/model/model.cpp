#include "core/model/model.hpp"

#include <fmt/chrono.h>

#include <algorithm>
#include <array>

#include "core/model/letters.hpp"

namespace gasper {

namespace {

// Names that are users of the SSH door or hosts of Gasper's own.
constexpr std::array<std::string_view, 12> reserved_names{"git",  "gasper", "www", "api", "root",      "admin",
                                                          "mail", "smtp",   "ns1", "ns2", "localhost", "dashboard"};

}  // namespace

std::string to_rfc3339(sys_time at) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(at);
    const auto millis = (at - seconds).count();
    return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)),
                       millis);
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
