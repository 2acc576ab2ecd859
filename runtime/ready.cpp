#include <fmt/format.h>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "runtime/engine/client.hpp"
#include "runtime/host/listening.hpp"
#include "runtime/single_engine_impl.hpp"

namespace gasper::runtime {

using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

task<> try_connect(asio::ip::tcp::socket& s, asio::ip::tcp::endpoint to, bool& open) {
    boost::system::error_code ec;
    co_await s.async_connect(to, asio::redirect_error(asio::use_awaitable, ec));
    if (ec == asio::error::operation_aborted) throw boost::system::system_error(ec);
    open = !ec;
}

// Until something accepts there: true; at the deadline: false.
task<bool> listens(asio::ip::tcp::endpoint at, deadline until) {
    for (milliseconds pause(5); !until.expired(); pause = std::min(milliseconds(100), pause * 3 / 2)) {
        asio::ip::tcp::socket s(co_await asio::this_coro::executor);
        bool open = false;
        if (co_await finishes_before(try_connect(s, at, open), until.sooner(seconds(1))) && open) co_return true;
        co_await sleep_until(until.sooner(pause));
    }
    co_return false;
}

task<bool> lasts(milliseconds settle, deadline until) {
    const bool enough = until.remaining() >= settle;
    co_await sleep_until(until.sooner(settle));
    co_return enough;
}

std::string megabytes(std::int64_t bytes) {
    return fmt::format("{} MB", bytes >> 20);
}

}  // namespace

task<result<>> single_engine::wait_ready(observed_instance instance, deadline until) {
    using namespace asio::experimental::awaitable_operators;
    task<bool> ready;
    if (instance.port == 0) {
        ready = lasts(options_.settle, until);
    } else {
        boost::system::error_code ec;
        const auto address = asio::ip::make_address(instance.address, ec);
        if (ec) co_return fail(errc::invalid, "instance_address", instance.name + " has no address");
        ready = listens({address, instance.port}, until);
    }
    auto ended = engine_.wait_container(instance.container, deadline(until.at() + seconds(5)));
    auto outcome = co_await (std::move(ready) || std::move(ended));
    const auto asking = deadline::after(seconds(5));
    if (outcome.index() == 0) {
        if (std::get<0>(outcome)) co_return result<>();
        co_return fail(errc::deadline, "not_listening", co_await why_not_listening(std::move(instance), asking));
    }
    const auto& status = std::get<1>(outcome);
    if (!status && status.error().kind != errc::not_found) co_return status.error();
    if (!status) co_return fail(errc::failed, "instance_gone", instance.name + " was removed before it was ready");
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
    if (instance.port == 0) co_return instance.name + " did not run long enough before the deadline";
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
