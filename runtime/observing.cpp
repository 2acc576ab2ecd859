#include <boost/system/system_error.hpp>
#include <utility>

#include "runtime/engine/client.hpp"
#include "runtime/log_stream.hpp"
#include "runtime/single_engine_impl.hpp"

namespace gasper::runtime {

using std::chrono::milliseconds;
using std::chrono::seconds;

task<result<>> single_engine::logs(std::string container, log_options options, std::function<void(log_line)> sink) {
    const auto until = deadline::after(seconds(30));
    engine_client::log_query query{options.tail, options.follow, options.since.time_since_epoch().count()};
    auto stream = co_await engine_.container_logs(std::move(container), query, until);
    if (!stream) co_return stream.error();
    log_stream lines(options.since);
    for (;;) {
        if (options.pause) {
            const auto wait = options.pause();
            if (!wait) co_return result<>();
            if (*wait > milliseconds(0)) co_await sleep_until(deadline::after(*wait));
        }
        // A log that is followed is silent as long as the app is: the container's end, the engine's or ours ends it.
        auto next = options.follow ? (*stream)->read() : (*stream)->read(until);
        auto piece = co_await std::move(next);
        if (!piece) co_return piece.error();
        if (piece->empty()) break;
        if (auto ok = lines.feed(*piece, sink); !ok) co_return ok;
    }
    lines.finish(sink);
    co_return result<>();
}

task<> single_engine::watch(std::function<void(std::string container)> on_change) {
    std::int64_t since = 0;
    milliseconds pause(100);
    const std::vector<std::string> scope{scope_label()}, actions{"die", "start"};
    for (bool broken = false;;) {
        // Events from before an engine's restart are lost: whoever listens has to look for himself.
        if (std::exchange(broken, false)) {
            if (auto back = co_await engine_.ping(deadline::after(seconds(5))); back) on_change("");
        }
        // In turns of a minute: an engine that hangs without closing is noticed, and nothing is missed in between.
        const auto begun = std::chrono::steady_clock::now();
        auto seen = [&](engine_event e) {
            since = std::max(since, e.nanoseconds + 1);
            on_change(std::move(e.id));
        };
        if (since == 0)
            since = std::chrono::duration_cast<std::chrono::nanoseconds>(
                        std::chrono::system_clock::now().time_since_epoch())
                        .count();
        auto ended = co_await engine_.events(scope, actions, since, seen, deadline::after(seconds(60)));
        if (ended || std::chrono::steady_clock::now() - begun > seconds(10)) pause = milliseconds(100);
        if (ended) continue;
        log_.warn("engine_events", {{"reason", ended.error().message}, {"retry_ms", pause.count()}});
        co_await sleep_until(deadline::after(pause));
        pause = std::min(milliseconds(1000), pause * 2);
        broken = true;
    }
}

}  // namespace gasper::runtime
