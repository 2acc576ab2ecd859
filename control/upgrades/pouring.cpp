#include "control/upgrades/pouring.hpp"

#include <memory>
#include <optional>

#include "control/backups/streaming.hpp"
#include "core/base/join.hpp"

namespace gasper::control {

namespace {

task<result<>> fill_with(parts& p, const server_beside& into, std::shared_ptr<dump_pipe> pipe, deadline until) {
    verb_input take = [pipe] { return pipe->take(); };
    auto restored = co_await restore_beside(p, into, std::move(take), until);
    pipe->close_reader();
    co_return restored;
}

}  // namespace

task<result<>> pour(parts& p, std::string from, const server_beside& into, deadline until) {
    auto pipe = std::make_shared<dump_pipe>(p.executor);
    std::optional<result<>> poured;
    auto drawing = draw_dump(p, std::move(from), pipe, until);
    auto filling = store_in(poured, fill_with(p, into, pipe, until));
    co_await run_both(std::move(drawing), std::move(filling));
    co_return *poured;
}

}  // namespace gasper::control
