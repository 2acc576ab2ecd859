// Sends the logs of apps to other programs: each drain follows its app's log from the line where it was made, and goes
// on over restarts from the newest line that it has. What waits for a drain waits in the log on disk, so one that is
// slow or away costs no memory, no app and no other drain anything; lines that the log gives up meanwhile are counted,
// and the count is told in the log and to the drain. On the control executor.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "control/identity.hpp"
#include "core/base/asio.hpp"
#include "core/base/error.hpp"
#include "core/logs/store.hpp"
#include "core/store/drains.hpp"

namespace gasper::control {

class platform;

/// A drain as people see it.
struct drain_view {
    std::int64_t id{0};
    std::string url;    // without what may be secret: user, query
    std::string state;  // "well", or what was wrong last
    std::uint64_t dropped{0};
    sys_time created{};
};

class drains {
 public:
    static constexpr std::size_t most_of_app = 5;

    explicit drains(platform& p);
    ~drains();

    /// `url`: syslog+tls://HOST[:6514], syslog://HOST[:514] or https://HOST[:PORT]/PATH (http: admins only). Refuses
    /// what is none, and a sixth.
    task<result<drain_view>> add(identity who, std::string app, std::string url);
    task<result<std::vector<drain_view>>> list(identity who, std::string app);
    task<result<>> remove(identity who, std::string app, std::int64_t id);

    /// Delivers until cancelled.
    task<> run();

 private:
    struct sending;

    task<> start_missing();
    task<> send_all(std::shared_ptr<sending> one);
    task<bool> take(sending& one, const log_follower::batch& next, std::uint64_t& newest);
    task<bool> catch_up(sending& one, std::uint64_t upto);
    task<bool> deliver(sending& one, std::vector<log_entry> lines);
    task<> confirm(sending& one);
    task<> wait_after_failure(sending& one);
    void tell_lost(sending& one, std::uint64_t count);
    task<> keep_progress(sending& one);

    platform& platform_;
    std::map<std::int64_t, std::shared_ptr<sending>> running_;
};

}  // namespace gasper::control
