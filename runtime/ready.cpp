#include <fmt/format.h>

#include "runtime/engine/client.hpp"
#include "runtime/host/listening.hpp"
#include "runtime/single_engine_impl.hpp"

namespace gasper::runtime {

using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

std::string megabytes(std::int64_t bytes) {
    return fmt::format("{} MB", bytes >> 20);
}

}  // namespace

// Looks again and again, soon at first; at the deadline, why it is not well.
task<result<>> single_engine::becomes_well(observed_instance instance, health_check how, deadline until) {
    if (how.kind == health_check::probe::port && instance.port == 0) {
        const bool enough = until.remaining() >= options_.settle;
        co_await sleep_until(until.sooner(options_.settle));
        if (enough) co_return result<>();
        co_return fail(errc::deadline, "not_ready", instance.name + " did not run long enough before the deadline");
    }
    const bool dear = how.kind == health_check::probe::command;
    // Most listen within a second: that look is cheap, and what it comes too late every deploy takes longer.
    const auto early = deadline::after(seconds(2));
    const auto longest = [&] {
        if (how.kind == health_check::probe::port && !early.expired()) return milliseconds(15);
        return dear ? milliseconds(1000) : milliseconds(100);
    };
    result<> seen = fail(errc::deadline, "not_ready", "");
    for (auto pause = dear ? milliseconds(100) : milliseconds(5); !until.expired();
         pause = std::min(longest(), pause * 3 / 2)) {
        seen = co_await check(instance, how, until);
        if (seen || seen.error().code == "check_needs_port") co_return seen;
        co_await sleep_until(until.sooner(pause));
    }
    const auto asking = deadline::after(seconds(5));
    if (how.kind == health_check::probe::port)
        co_return fail(errc::deadline, "not_listening", co_await why_not_listening(std::move(instance), asking));
    co_return fail(errc::deadline, "not_healthy",
                   fmt::format("{} did not become healthy in time: {}", instance.name, seen.error().message));
}

task<result<>> single_engine::wait_ready(observed_instance instance, health_check how, deadline until) {
    using namespace asio::experimental::awaitable_operators;
    auto ready = becomes_well(instance, how, until);
    auto ended = engine_.wait_container(instance.container, deadline(until.at() + seconds(15)));
    auto outcome = co_await (std::move(ready) || std::move(ended));
    if (outcome.index() == 0) co_return std::get<0>(outcome);
    const auto& status = std::get<1>(outcome);
    if (!status && status.error().kind != errc::not_found) co_return status.error();
    if (!status) co_return fail(errc::failed, "instance_gone", instance.name + " was removed before it was ready");
    const auto asking = deadline::after(seconds(5));
    co_return fail(errc::failed, "instance_crashed", co_await why_it_ended(std::move(instance), asking));
}

task<std::string> single_engine::why_it_ended(observed_instance instance, deadline until) {
    auto state = co_await engine_.inspect_container(instance.container, until);
    // The engine hears of a kill for memory a little after the end itself.
    const auto patience = until.sooner(milliseconds(300));
    while (state && state->exit_code == 137 && !state->out_of_memory && !patience.expired()) {
        co_await sleep_until(patience.sooner(milliseconds(20)));
        state = co_await engine_.inspect_container(instance.container, until);
    }
    if (!state) co_return instance.name + " ended before it was ready";
    if (state->out_of_memory) {
        const auto limit = co_await engine_.memory_limit(instance.container, until);
        co_return fmt::format("{} was killed: out of memory{}", instance.name,
                              limit && *limit > 0 ? fmt::format(" (limit {})", megabytes(*limit)) : "");
    }
    const auto what = state->exit_code > 128 && state->exit_code < 160
                          ? fmt::format("was ended by signal {}", state->exit_code - 128)
                          : fmt::format("exited with code {}", state->exit_code);
    if (instance.port == 0) co_return fmt::format("{} {} right after its start", instance.name, what);
    co_return fmt::format("{} {} before it listened on port {}", instance.name, what, instance.port);
}

task<std::string> single_engine::why_not_listening(observed_instance instance, deadline until) {
    auto state = co_await engine_.inspect_container(instance.container, until);
    const int pid = state ? state->pid : 0;
    std::vector<listener> found;
    if (pid > 0) found = co_await files_.run([pid] { return listeners_of(pid); });
    std::string others;
    for (const auto& l : found) {
        if (l.port == instance.port && l.loopback)
            co_return fmt::format("{} listens on 127.0.0.1:{} only: it must listen on 0.0.0.0", instance.name, l.port);
        others += fmt::format("{}{}", others.empty() ? "" : ", ", l.port);
    }
    if (!others.empty())
        co_return fmt::format("{} listens on {} instead of $PORT ({})", instance.name, others, instance.port);
    co_return fmt::format("{} did not listen on $PORT ({}) in time", instance.name, instance.port);
}

}  // namespace gasper::runtime
