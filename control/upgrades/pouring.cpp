#include "control/upgrades/pouring.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <memory>

#include "control/backups/dump_pipe.hpp"
#include "control/services/verbs.hpp"

namespace gasper::control {

namespace {

struct outcome_of_pouring {
    result<> dumped, restored;
    bool restore_ended_first{false};
};

task<result<>> put_into(std::shared_ptr<dump_pipe> pipe, std::string piece) {
    const bool taken = co_await pipe->put(std::move(piece));
    if (taken) co_return result<>();
    co_return fail(errc::failed, "restore_ended", "the other server takes no more of the dump");
}

task<> draw(parts& p, std::string from, std::shared_ptr<dump_pipe> pipe, deadline until, outcome_of_pouring& o) {
    std::vector<std::string> words{"dump"};
    verb_output put = [pipe](std::string piece) { return put_into(pipe, std::move(piece)); };
    verb_input nothing;
    o.dumped = co_await stream_verb(p, std::move(from), std::move(words), std::move(nothing), std::move(put), until);
    pipe->end(o.dumped.has_value());
}

task<> fill_with(parts& p, const server_beside& into, std::shared_ptr<dump_pipe> pipe, deadline until,
                 outcome_of_pouring& o) {
    verb_input take = [pipe] { return pipe->take(); };
    o.restored = co_await restore_beside(p, into, std::move(take), until);
    o.restore_ended_first = !o.restored && o.dumped.has_value();
    pipe->close_reader();
}

}  // namespace

task<result<>> pour(parts& p, std::string from, const server_beside& into, deadline until) {
    using namespace asio::experimental::awaitable_operators;
    auto pipe = std::make_shared<dump_pipe>(p.executor);
    outcome_of_pouring o;
    co_await (draw(p, std::move(from), pipe, until, o) && fill_with(p, into, pipe, until, o));
    if (o.restore_ended_first) co_return o.restored;
    if (!o.dumped) co_return o.dumped;
    co_return o.restored;
}

}  // namespace gasper::control
