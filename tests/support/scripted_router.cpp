#include "tests/support/scripted_router.hpp"

namespace gasper::test {

scripted_router::scripted_router(asio::any_io_executor executor, const std::filesystem::path& feed)
    : scope_(executor, {}), follower_(executor, {{}, feed, "router"}, log_, [this](auto newest) {
          table = std::move(newest);
          return result<>();
      }) {
    next.leaving.emplace();  // nothing is in flight
    follower_.report_from(*this);
    scope_.spawn("router", follower_.run());
}

void scripted_router::say(feed_report what) {
    if (!what.leaving) what.leaving = next.leaving;
    next = std::move(what);
    follower_.report_soon();
}

task<bool> scripted_router::stop() {
    return scope_.stop(deadline::after(std::chrono::seconds(5)));
}

const route* scripted_router::routed(const std::string& app) const {
    if (!table) return nullptr;
    for (const auto& r : table->routes)
        if (r.app == app) return &r;
    return nullptr;
}

feed_report scripted_router::next_report(bool) {
    auto out = next;
    next.wake.clear();
    next.idle.clear();
    next.traffic.clear();
    return out;
}

void scripted_router::reported() {}

std::chrono::steady_clock::time_point scripted_router::next_due() const {
    return std::chrono::steady_clock::time_point::max();
}

}  // namespace gasper::test
