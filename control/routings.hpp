// How an app is routed when it is not simply served: maintenance, and sleep. What the doors call. No release is made,
// nothing restarts. All functions run on the control executor.
#pragma once

#include <chrono>
#include <string>

#include "control/identity.hpp"
#include "core/base/asio.hpp"
#include "core/base/error.hpp"

namespace gasper::control {

class platform;

struct routing_view {
    bool maintenance{false};
    std::string page;                     // of the maintenance, HTML; empty: the router's own
    std::chrono::seconds sleep_after{0};  // without a request; 0: never
    std::chrono::seconds stop_after{0};   // of sleep
    std::string sleep;                    // "awake", "frozen", "stopped"
};

class routings {
 public:
    static constexpr std::size_t most_page = 64u << 10;
    static constexpr std::size_t most_pages = 8u << 20;  // of all apps: they are in every table

    explicit routings(platform& p) : platform_(p) {}

    task<result<routing_view>> show(identity who, std::string app);

    /// On: the router answers 503, with `page` (HTML; empty: its own). Returns when the local router does so.
    task<result<>> maintain(identity who, std::string app, bool on, std::string page);

    /// Freezes the app when it has had no request for `after` (0: never), stops it when it has slept for `stop_after`.
    task<result<>> autosleep(identity who, std::string app, std::chrono::seconds after,
                             std::chrono::seconds stop_after);

 private:
    platform& platform_;
};

}  // namespace gasper::control
