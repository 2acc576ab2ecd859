#include "control/spares.hpp"

#include <set>

namespace gasper::control {

namespace {

constexpr auto unused_after = std::chrono::minutes(2);
constexpr auto making_limit = std::chrono::seconds(10);

}  // namespace

void spare_sandboxes::expect(std::string app) {
    if (spares_.contains(app)) return;
    auto fresh = std::make_shared<entry>(background_.executor());
    spares_.emplace(app, fresh);
    background_.spawn("spare sandbox", make_expected(std::move(app), std::move(fresh)));
}

task<bool> spare_sandboxes::keep(std::string app) {
    if (const auto there = spares_.find(app); there != spares_.end()) {
        there->second->kept = true;
        co_return true;
    }
    auto fresh = std::make_shared<entry>(background_.executor());
    fresh->kept = true;
    spares_.emplace(app, fresh);
    co_return co_await make(std::move(app), std::move(fresh));
}

void spare_sandboxes::adopt(std::string app, runtime::sandbox found) {
    auto fresh = std::make_shared<entry>(background_.executor());
    fresh->sandbox = std::move(found);
    fresh->ended = fresh->kept = true;
    spares_.emplace(std::move(app), std::move(fresh));
}

// False: it was not made.
task<bool> spare_sandboxes::make(std::string app, entry_pointer into) {
    result<runtime::sandbox> made = fail(errc::failed, "sandbox", "it was not made");
    try {
        made = co_await cluster_.make_sandbox(app, deadline::after(making_limit));
    } catch (...) {
        forget(app, into);
        into->ended = true;
        into->made.cancel();
        throw;
    }
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
    if (made && wanted) co_return true;
    forget(app, into);
    if (into->sandbox) (void)co_await cluster_.drop_sandbox(*into->sandbox);
    co_return made.has_value();
}

void spare_sandboxes::forget(const std::string& app, const entry_pointer& which) {
    const auto at = spares_.find(app);
    if (at != spares_.end() && at->second == which) spares_.erase(at);
}

task<> spare_sandboxes::make_expected(std::string app, entry_pointer into) {
    const std::weak_ptr<entry> ours = into;  // it is counted who else has it
    const bool made = co_await make(app, std::move(into));
    if (!made) co_return;
    co_await sleep_until(deadline::after(unused_after));
    const auto still = spares_.find(app);
    if (still == spares_.end() || still->second != ours.lock() || still->second->kept) co_return;
    co_await drop(std::move(app));
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

bool spare_sandboxes::is_kept(const std::string& app) const {
    const auto there = spares_.find(app);
    return there != spares_.end() && there->second->kept;
}

task<> spare_sandboxes::drop_unless_kept(std::string app) {
    if (!is_kept(app)) co_await drop(std::move(app));
}

task<> spare_sandboxes::drop_dead() {
    std::map<std::string, std::string> known;  // what is made while the engine is asked is none of them
    for (const auto& [app, spare] : spares_)
        if (spare->sandbox) known.emplace(app, spare->sandbox->container);
    if (known.empty()) co_return;
    auto there = co_await cluster_.idle_sandboxes();
    if (!there) co_return;
    std::set<std::string> alive;
    for (const auto& [app, idle] : *there)
        alive.insert(idle.container);
    for (const auto& [app, container] : known) {
        const auto at = spares_.find(app);
        if (alive.contains(container) || at == spares_.end()) continue;
        const auto& now_there = at->second->sandbox;
        if (now_there && now_there->container == container) co_await drop(app);
    }
}

std::vector<std::string> spare_sandboxes::kept() const {
    std::vector<std::string> apps;
    for (const auto& [app, spare] : spares_)
        if (spare->kept) apps.push_back(app);
    return apps;
}

std::vector<std::string> spare_sandboxes::containers() const {
    std::vector<std::string> ids;
    for (const auto& [app, spare] : spares_)
        if (spare->sandbox) ids.push_back(spare->sandbox->container);
    return ids;
}

}  // namespace gasper::control
