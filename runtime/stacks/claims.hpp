// Which Gasper uses which stack image, written down where the images are: as a tag beside the image's own. The engine
// itself then keeps an image for as long as anybody has a tag of it. Values; any thread.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "runtime/engine/types.hpp"

namespace gasper::runtime {

/// "gasper/stack-python:1a2b" → "gasper/used-ab12-stack-python:1a2b".
std::string claim_of(const std::string& owner, const std::string& reference);

/// The other way; none when the tag is no claim of this owner.
std::optional<std::string> claimed_by(const std::string& owner, const std::string& tag);

/// All that `owner` has claimed, as tags.
std::vector<std::string> claims_of(const std::string& owner, const std::vector<image_info>& there);

/// What was made anew for `whom`, until it takes the other's place:
/// "gasper/next-ab12-blue-stack-service-redis-7:1a2b".
std::string remade_of(const std::string& owner, const std::string& whom, const std::string& reference);

/// The ids of those made before `before` that have lost their tags: another has taken their place.
std::vector<std::string> images_without_tags(const std::vector<image_info>& there, sys_time before);

struct image_to_drop {
    std::string claim;
    std::string reference;  // to be removed too; empty: others use it
};

/// What `owner` has claimed and no longer keeps.
std::vector<image_to_drop> images_to_drop(const std::string& owner, const std::vector<image_info>& there,
                                          const std::set<std::string>& keep);

}  // namespace gasper::runtime
