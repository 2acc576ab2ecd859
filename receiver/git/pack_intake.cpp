#include "receiver/git/pack_intake.hpp"

#include <signal.h>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/write.hpp>
#include <boost/system/system_error.hpp>

#include "core/base/child_process.hpp"
#include "receiver/git/push_request.hpp"

namespace gasper::receiver {

namespace {

constexpr std::size_t pack_header = 12;  // "PACK", version, number of objects

// Objects whose only fault is one that old versions of git, or of other tools, made in the history of many
// well-known projects: hosters accept them.
constexpr std::string_view strict =
    "--strict=zeroPaddedFilemode=ignore,badTimezone=ignore,missingSpaceBeforeDate=ignore";

[[noreturn]] void throw_aborted() {
    throw boost::system::system_error(asio::error::operation_aborted);
}

struct intake {
    client_stream& client;
    child_process& child;
    std::string head;  // the pack's first bytes
    std::int64_t taken{0};
    std::int64_t max_bytes;
};

// Hands bytes on; false when index-pack takes no more: its exit status tells why.
task<bool> hand_on(intake& in, std::string bytes) {
    in.taken += static_cast<std::int64_t>(bytes.size());
    if (in.head.size() < pack_header) in.head += bytes.substr(0, pack_header - in.head.size());
    boost::system::error_code ec;
    co_await asio::async_write(in.child.input(), asio::buffer(bytes), asio::redirect_error(asio::use_awaitable, ec));
    if (ec == asio::error::operation_aborted) throw_aborted();
    co_return !ec;
}

// Never returns: index-pack knows where the pack ends, the stream goes on.
task<bool> feed(intake& in, std::string early) {
    bool open = early.empty() || co_await hand_on(in, std::move(early));
    while (open && in.taken <= in.max_bytes) {
        auto bytes = co_await in.client.read();
        if (bytes.empty()) break;
        open = co_await hand_on(in, std::move(bytes));
    }
    in.child.close_input();
    co_await sleep_until(deadline(deadline::clock::time_point::max()));
    co_return open;
}

task<std::string> collect(child_process::pipe& from) {
    std::string text;
    char buffer[4096];
    for (;;) {
        boost::system::error_code ec;
        const auto n =
            co_await from.async_read_some(asio::buffer(buffer), asio::redirect_error(asio::use_awaitable, ec));
        if (ec == asio::error::operation_aborted) throw_aborted();
        if (ec) co_return text;
        if (text.size() < 16384) text.append(buffer, n);
    }
}

// The first line that says "fatal:" or "error:" tells the cause; the last one often only that there was one.
std::string cause_of(const std::string& said, const std::string& otherwise) {
    for (std::string_view mark : {"error: ", "fatal: "}) {
        const auto at = said.find(mark);
        if (at == said.npos) continue;
        const auto from = at + mark.size();
        return one_line(std::string_view(said).substr(from, said.find('\n', from) - from));
    }
    return otherwise;
}

bool holds_objects(const std::string& head) {
    return head.size() == pack_header && head.substr(8) != std::string_view("\0\0\0\0", 4);
}

}  // namespace

task<result<bool>> index_pack(client_stream& client, std::string early, const quarantine& into, std::int64_t max_bytes,
                              deadline until) {
    using namespace asio::experimental::awaitable_operators;
    child_options options;
    options.argv = {"git",
                    "index-pack",
                    std::string(strict),
                    "--fix-thin",
                    "--stdin",
                    "--threads=2",
                    "--max-input-size=" + std::to_string(max_bytes)};
    options.env = into.environment();
    options.pipe_input = options.pipe_output = options.pipe_error = true;
    auto started = child_process::start(co_await asio::this_coro::executor, std::move(options));
    if (!started) co_return started.error();
    auto child = std::move(*started);
    intake in{client, child, {}, 0, max_bytes};
    std::string said;
    auto work = [](intake& i, std::string first, std::string& errors) -> task<> {
        auto outcome = co_await (feed(i, std::move(first)) || (collect(i.child.error()) && collect(i.child.output())));
        if (outcome.index() == 1) errors = std::get<0>(std::get<1>(std::move(outcome)));
    };
    if (!co_await finishes_before(work(in, std::move(early), said), until)) {
        child.kill(SIGKILL);
        (void)co_await child.wait(deadline::after(std::chrono::seconds(5)));
        co_return fail(errc::deadline, "pack_deadline", "the pack took too long to arrive");
    }
    auto status = co_await child.wait(until);
    if (!status) co_return status.error();
    if (in.taken > max_bytes)
        co_return fail(errc::too_large, "pack_too_large",
                       "the pack is larger than " + std::to_string(max_bytes >> 20) + " MiB");
    if (*status != 0) co_return fail(errc::invalid, "pack_invalid", cause_of(said, "index-pack failed"));
    co_return holds_objects(in.head);
}

task<result<>> check_connected(const quarantine& in, std::vector<std::string> tips, deadline until) {
    child_options options;
    options.argv = {"git", "rev-list", "--objects", "--stdin", "--not", "--all", "--quiet"};
    options.env = in.environment();
    std::string input;
    for (const auto& tip : tips)
        input += tip + "\n";
    auto ran = co_await run_child(std::move(options), std::move(input), until);
    if (!ran) co_return ran.error();
    if (ran->status != 0)
        co_return fail(errc::invalid, "missing_objects",
                       "missing necessary objects: " + cause_of(ran->error, "unknown"));
    co_return result<>{};
}

}  // namespace gasper::receiver
