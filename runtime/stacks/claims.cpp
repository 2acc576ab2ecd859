#include "runtime/stacks/claims.hpp"

#include <algorithm>

namespace gasper::runtime {

namespace {

constexpr std::string_view room = "gasper/", mark = "gasper/used-";

}  // namespace

std::string claim_of(const std::string& owner, const std::string& reference) {
    return std::string(mark) + owner + "-" + reference.substr(room.size());
}

std::optional<std::string> claimed_by(const std::string& owner, const std::string& tag) {
    const auto begins = std::string(mark) + owner + "-";
    if (!tag.starts_with(begins)) return std::nullopt;
    return std::string(room) + tag.substr(begins.size());
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
