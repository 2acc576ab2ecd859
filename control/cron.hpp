// Cron entries of an app: those of app.json come and go with releases, others by command. All functions run on the
// control executor.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "control/identity.hpp"
#include "core/base/asio.hpp"
#include "core/base/error.hpp"
#include "core/model/cron.hpp"

namespace gasper::control {

class platform;

struct cron_view {
    cron_entry entry;
    std::optional<sys_time> next;
    std::optional<cron_run> last;
};

class cron {
 public:
    explicit cron(platform& p) : platform_(p) {}

    task<result<std::vector<cron_view>>> list(identity who, std::string app);
    /// At most 50 of an app.
    task<result<cron_view>> add(identity who, std::string app, cron_line line);
    /// With its history. errc::conflict for one of app.json: it is removed there.
    task<result<>> remove(identity who, std::string app, std::int64_t id);
    /// Once more, now.
    task<result<job_id>> run(identity who, std::string app, std::int64_t id);
    /// The newest 100 of its times: what came of them, and their jobs, which have the logs.
    task<result<std::vector<cron_run>>> history(identity who, std::string app, std::int64_t id);

 private:
    task<result<cron_entry>> find(identity who, std::string app, std::int64_t id);
    task<cron_view> view_of(cron_entry e);

    platform& platform_;
};

}  // namespace gasper::control
