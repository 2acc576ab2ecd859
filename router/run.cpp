#include "router/run.hpp"

#include <sys/resource.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>

#include "core/base/deadline.hpp"
#include "core/base/log.hpp"
#include "core/base/task_scope.hpp"
#include "core/tables/follower.hpp"
#include "router/server.hpp"

namespace gasper::router {

namespace {

/// Every client and every instance in use takes a descriptor.
void raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

/// Serves until a signal, then drains.
task<> live(asio::signal_set& signals, server& routing, task_scope& scope, const options& settings, logger& log) {
    co_await signals.async_wait(asio::use_awaitable);
    log.info("draining");
    // The feed is followed on: control waits for the requests that end here, too.
    // Shared: a worker may report after the time is over.
    auto drained = std::make_shared<asio::steady_timer>(signals.get_executor(), settings.drain_timeout);
    routing.drain([drained] { asio::post(drained->get_executor(), [drained] { drained->cancel(); }); });
    boost::system::error_code early;
    co_await drained->async_wait(asio::redirect_error(asio::use_awaitable, early));
    if (!early) log.warn("drain took too long", {{"connections", routing.count().connections}});
    routing.stop();
    scope.cancel();
    const auto sum = routing.count();
    log.info("stopped", {{"requests", sum.requests}, {"dropped_log_lines", sum.dropped_log_lines}});
    co_await scope.join();
}

}  // namespace

int run(const options& settings) {
    logger log("router");
    std::signal(SIGPIPE, SIG_IGN);
    raise_descriptor_limit();
    asio::io_context io;
    asio::signal_set signals(io, SIGTERM, SIGINT);
    server routing(settings);
    const auto fault = [&log](const std::string& name, const std::string& what) {
        log.error("task failed", {{"task", name}, {"reason", what}});
    };
    const auto apply = [&](std::shared_ptr<const table> next) {
        auto applied = routing.apply(next);
        log.info("table applied", {{"version", next->version}, {"routes", next->routes.size()}});
        if (const auto n = routing.routes()->unusable(); n > 0)
            log.warn("instances with a protocol other than http1 get no requests", {{"instances", n}});
        for (const auto& name : routing.certificates()->refused())
            log.warn("certificate cannot be used", {{"name", name}});
        return applied;
    };
    table_follower follower(io.get_executor(), {settings.table_file, settings.feed_socket, "router"}, log, apply);
    follower.report_from(routing.reports());
    auto asked = std::make_shared<std::atomic<bool>>(false);
    routing.reports().on_news([&io, &follower, asked] {
        if (asked->exchange(true)) return;
        asio::post(io, [&follower, asked] {
            asked->store(false);
            follower.report_soon();
        });
    });
    if (auto loaded = follower.load(); !loaded) {
        // With a feed a better table will come; alone, there is nothing else to route by.
        log.error("table refused", {{"reason", loaded.error().message}});
        if (settings.feed_socket.empty()) return 1;
    }
    if (auto started = routing.start(); !started) {
        log.error("cannot start", {{"reason", started.error().message}});
        return 1;
    }
    log.info("listening",
             {{"http", settings.http_address}, {"https", settings.https_address}, {"threads", settings.threads}});
    task_scope scope(io.get_executor(), fault);
    task_scope main(io.get_executor(), fault);
    scope.spawn("follow tables", follower.run());
    main.spawn("live", live(signals, routing, scope, settings, log));
    io.run();
    return 0;
}

}  // namespace gasper::router
