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
    scripted_router(asio::any_io_executor executor, const std::filesystem::path& feed);

    /// With the next report. What is in flight stays as it was unless it says so.
    void say(feed_report what);
    task<bool> stop();

    /// In the newest table that it applied; null: there is none.
    const route* routed(const std::string& app) const;

    feed_report next;
    std::shared_ptr<const gasper::table> table;

 private:
    feed_report next_report(bool) override;
    void reported() override;
    std::chrono::steady_clock::time_point next_due() const override;

    logger log_{"test", log_level::error};
    task_scope scope_;
    table_follower follower_;
};

}  // namespace gasper::test
