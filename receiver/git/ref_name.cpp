#include "receiver/git/ref_name.hpp"

namespace gasper::receiver {

namespace {

bool is_valid_component(std::string_view part) noexcept {
    if (part.empty() || part.front() == '.' || part.back() == '.') return false;
    if (part.size() >= 5 && part.substr(part.size() - 5) == ".lock") return false;
    return part.find("..") == part.npos && part.find("@{") == part.npos;
}

}  // namespace

bool is_valid_ref_name(std::string_view name) noexcept {
    if (name.size() > 255 || !name.starts_with("refs/")) return false;
    for (unsigned char c : name) {
        if (c <= ' ' || c == 0x7f) return false;
        if (std::string_view("~^:?*[\\").find(static_cast<char>(c)) != std::string_view::npos) return false;
    }
    int parts = 0;
    for (;;) {
        const auto slash = name.find('/');
        if (!is_valid_component(name.substr(0, slash))) return false;
        ++parts;
        if (slash == name.npos) return parts >= 3;
        name.remove_prefix(slash + 1);
    }
}

}  // namespace gasper::receiver
