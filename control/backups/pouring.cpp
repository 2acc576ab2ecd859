#include "control/backups/pouring.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <memory>

#include "control/backups/beside.hpp"
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

task<> fill_with(parts& p, std::string into, std::shared_ptr<dump_pipe> pipe, deadline until, outcome_of_pouring& o) {
    std::vector<std::string> words{"restore"};
    verb_input take = [pipe] { return pipe->take(); };
    verb_output nowhere;
    o.restored = co_await stream_verb(p, std::move(into), std::move(words), std::move(take), std::move(nowhere), until);
    o.restore_ended_first = !o.restored && o.dumped.has_value();
    pipe->close_reader();
}

}  // namespace

task<result<>> pour(parts& p, std::string from, std::string into, deadline until) {
    using namespace asio::experimental::awaitable_operators;
    auto pipe = std::make_shared<dump_pipe>(p.executor);
    outcome_of_pouring o;
    co_await (draw(p, std::move(from), pipe, until, o) && fill_with(p, std::move(into), pipe, until, o));
    if (o.restore_ended_first) co_return o.restored;
    if (!o.dumped) co_return o.dumped;
    co_return o.restored;
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
