#include "core/model/service.hpp"

#include <algorithm>

namespace gasper {

namespace {

bool lower(char c) {
    return c >= 'a' && c <= 'z';
}
bool upper(char c) {
    return c >= 'A' && c <= 'Z';
}
bool digit(char c) {
    return c >= '0' && c <= '9';
}

}  // namespace

std::optional<service_rights> service_rights_of(std::string_view text) noexcept {
    if (text == "rw") return service_rights::read_write;
    if (text == "ro") return service_rights::read_only;
    return std::nullopt;
}

result<> check_service_name(const std::string& name) {
    const bool fits = name.size() >= 2 && name.size() <= 30 && lower(name.front()) && name.back() != '-' &&
                      std::all_of(name.begin(), name.end(), [](char c) { return lower(c) || digit(c) || c == '-'; });
    if (fits) return {};
    return fail(errc::invalid, "service_name",
                "a service's name is 2 to 30 of a-z, 0-9 and '-', beginning with a letter and not ending with '-'");
}

result<std::string> attachment_variable(const std::string& alias) {
    const bool fits = !alias.empty() && alias.size() <= 60 && upper(alias.front()) &&
                      std::all_of(alias.begin(), alias.end(), [](char c) { return upper(c) || digit(c) || c == '_'; });
    if (!fits)
        return fail(errc::invalid, "attachment_alias",
                    "--as takes 1 to 60 of A-Z, 0-9 and '_', beginning with a letter: BLUE gives BLUE_URL");
    if (alias.starts_with("GASPER_"))
        return fail(errc::invalid, "attachment_alias", "names that begin with GASPER_ are Gasper's own");
    return alias + "_URL";
}

}  // namespace gasper
