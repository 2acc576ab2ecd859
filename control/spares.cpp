#include "control/spares.hpp"

namespace gasper::control {

namespace {

constexpr auto unused_after = std::chrono::minutes(2);
constexpr auto making_limit = std::chrono::seconds(10);

}  // namespace

void spare_sandboxes::expect(std::string app) {
    if (spares_.contains(app)) return;
    auto fresh = std::make_shared<entry>(background_.executor());
    spares_.emplace(app, fresh);
    background_.spawn("spare sandbox", make(std::move(app), std::move(fresh)));
}

task<> spare_sandboxes::make(std::string app, entry_pointer into) {
    auto made = co_await cluster_.make_sandbox(app, deadline::after(making_limit));
    into->ended = true;
    if (made)
        into->sandbox = *made;
    else
        log_.warn("no spare sandbox", {{"app", app}, {"reason", made.error().message}});
    into->made.cancel();
    // Whoever waits takes it now, or, cancelled, lets go of it now: before we look.
    co_await asio::post(background_.executor(), asio::use_awaitable);
    // Nobody but us: whoever took it was cancelled while it was made.
    const bool wanted = into.use_count() > 1;
    if (made && wanted) co_await sleep_until(deadline::after(unused_after));
    const auto still = spares_.find(app);
    if (still != spares_.end() && still->second == into) spares_.erase(still);
    if (into->sandbox) (void)co_await cluster_.drop_sandbox(*into->sandbox);
}

task<std::optional<runtime::sandbox>> spare_sandboxes::take(std::string app) {
    auto node = spares_.extract(app);
    if (node.empty()) co_return std::nullopt;
    const auto spare = node.mapped();
    while (!spare->ended) {
        boost::system::error_code woken;
        co_await spare->made.async_wait(asio::redirect_error(asio::use_awaitable, woken));
        if ((co_await asio::this_coro::cancellation_state).cancelled() != asio::cancellation_type::none)
            throw boost::system::system_error(asio::error::operation_aborted);
    }
    co_return std::exchange(spare->sandbox, std::nullopt);
}

task<> spare_sandboxes::drop(std::string app) {
    const auto unused = co_await take(std::move(app));
    if (unused) (void)co_await cluster_.drop_sandbox(*unused);
}

}  // namespace gasper::control
