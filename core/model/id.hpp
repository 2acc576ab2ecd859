// Typed ids: rows of different tables cannot be confused.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace gasper {

template <class Tag>
struct id {
    std::int64_t value{0};
    explicit operator bool() const noexcept { return value != 0; }
    auto operator<=>(const id&) const = default;
};

using app_id = id<struct app_tag>;
using build_id = id<struct build_tag>;
using release_id = id<struct release_tag>;
using user_id = id<struct user_tag>;
using key_id = id<struct key_tag>;
using job_id = id<struct job_tag>;

}  // namespace gasper

template <class Tag>
struct std::hash<gasper::id<Tag>> {
    std::size_t operator()(const gasper::id<Tag>& i) const noexcept { return std::hash<std::int64_t>{}(i.value); }
};
