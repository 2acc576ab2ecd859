#include "control/backups/pouring.hpp"

#include <memory>
#include <optional>

#include "control/backups/beside.hpp"
#include "control/backups/dump_pipe.hpp"
#include "control/backups/streaming.hpp"
#include "core/base/join.hpp"

namespace gasper::control {

task<result<>> pour(parts& p, std::string from, std::string into, deadline until) {
    auto pipe = std::make_shared<dump_pipe>(p.executor);
    std::optional<result<>> poured;
    auto drawing = draw_dump(p, std::move(from), pipe, until);
    auto filling = store_in(poured, restore_from(p, std::move(into), pipe, until));
    co_await run_both(std::move(drawing), std::move(filling));
    co_return *poured;
}

task<result<std::size_t>> pour_and_count(parts& p, service s, std::string from, std::string into, deadline until) {
    auto before = co_await count_contents(p, s, from);
    if (!before) co_return before.error();
    auto poured = co_await pour(p, from, into, until);
    if (!poured) co_return poured.error();
    auto after = co_await count_contents(p, s, from);
    if (!after) co_return after.error();
    auto there = co_await count_contents(p, s, into);
    if (!there) co_return there.error();
    auto same = check_restored(*before, *after, *there);
    if (!same) co_return same.error();
    co_return there->size();
}

}  // namespace gasper::control
