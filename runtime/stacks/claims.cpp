#include "runtime/stacks/claims.hpp"

#include <algorithm>

namespace gasper::runtime {

namespace {

constexpr std::string_view room = "gasper/", mark = "gasper/used-", remade = "gasper/next-";

}  // namespace

std::string claim_of(const std::string& owner, const std::string& reference) {
    return std::string(mark) + owner + "-" + reference.substr(room.size());
}

std::optional<std::string> claimed_by(const std::string& owner, const std::string& tag) {
    const auto begins = std::string(mark) + owner + "-";
    if (!tag.starts_with(begins)) return std::nullopt;
    return std::string(room) + tag.substr(begins.size());
}

std::vector<std::string> claims_of(const std::string& owner, const std::vector<image_info>& there) {
    std::vector<std::string> claims;
    for (const auto& image : there)
        for (const auto& tag : image.tags)
            if (claimed_by(owner, tag)) claims.push_back(tag);
    return claims;
}

std::string remade_of(const std::string& owner, const std::string& whom, const std::string& reference) {
    return std::string(remade) + owner + "-" + whom + "-" + reference.substr(room.size());
}

std::vector<std::string> images_without_tags(const std::vector<image_info>& there, sys_time before) {
    std::vector<std::string> ids;
    for (const auto& image : there) {
        const bool named = std::any_of(image.tags.begin(), image.tags.end(),
                                       [](const auto& tag) { return !tag.empty() && tag != "<none>:<none>"; });
        if (!named && image.created < before) ids.push_back(image.id);
    }
    return ids;
}

std::vector<image_to_drop> images_to_drop(const std::string& owner, const std::vector<image_info>& there,
                                          const std::set<std::string>& keep) {
    std::vector<image_to_drop> drop;
    for (const auto& image : there)
        for (const auto& tag : image.tags) {
            const auto reference = claimed_by(owner, tag);
            if (!reference || keep.contains(*reference)) continue;
            const bool others = std::any_of(image.tags.begin(), image.tags.end(), [&](const auto& other) {
                return other.starts_with(mark) && !claimed_by(owner, other);
            });
            drop.push_back({tag, others ? std::string() : *reference});
        }
    return drop;
}

}  // namespace gasper::runtime
