// A router's side of the feed, without the requests: applies every table as the real one does, and reports what the
// test tells it to.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

#include "core/base/log.hpp"
#include "core/base/task_scope.hpp"
#include "core/tables/follower.hpp"

namespace gasper::test {

class scripted_router final : report_source {
 public:
    /// Follows the feed of a publisher that runs already.
    scripted_router(asio::any_io_executor executor, const std::filesystem::path& feed)
        : scope_(executor, {}), follower_(executor, {{}, feed, "router"}, log_, [this](auto newest) {
              table = std::move(newest);
              return result<>();
          }) {
        next.leaving.emplace();  // nothing is in flight
        follower_.report_from(*this);
        scope_.spawn("router", follower_.run());
    }

    /// With the next report. What is in flight stays as it was unless it says so.
    void say(feed_report what) {
        if (!what.leaving) what.leaving = next.leaving;
        next = std::move(what);
        follower_.report_soon();
    }
    task<bool> stop() { return scope_.stop(deadline::after(std::chrono::seconds(5))); }

    /// In the newest table that it applied; null: there is none.
    const route* routed(const std::string& app) const {
        if (!table) return nullptr;
        for (const auto& r : table->routes)
            if (r.app == app) return &r;
        return nullptr;
    }

    feed_report next;
    std::shared_ptr<const gasper::table> table;

 private:
    feed_report next_report(bool) override {
        auto out = next;
        next.wake.clear();
        next.idle.clear();
        next.traffic.clear();
        return out;
    }
    void reported() override {}
    std::chrono::steady_clock::time_point next_due() const override {
        return std::chrono::steady_clock::time_point::max();
    }

    logger log_{"test", log_level::error};
    task_scope scope_;
    table_follower follower_;
};

}  // namespace gasper::test
