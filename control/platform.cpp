#include "control/platform.hpp"

#include "control/archives/collecting.hpp"
#include "control/backups/backup_clock.hpp"
#include "control/backups/places.hpp"
#include "control/cron_clock.hpp"
#include "control/disk.hpp"
#include "control/drains/drains.hpp"
#include "control/housekeeping.hpp"
#include "control/parts.hpp"
#include "control/recovery.hpp"
#include "control/services/disks.hpp"
#include "control/services/exposing.hpp"
#include "control/sleep.hpp"
#include "control/sleep_sandboxes.hpp"
#include "control/supervision.hpp"
#include "control/volume_mounts.hpp"

namespace gasper::control {

platform::platform(std::unique_ptr<control::parts> p)
    : parts_(std::move(p)),
      accounts_(std::make_unique<control::accounts>(parts_->db, parts_->hashing)),
      apps_(*this),
      deploys_(*this),
      formations_(*this),
      autoscaling_(*this),
      routings_(*this),
      streams_(*this),
      nodes_(*this),
      metrics_(*this),
      audit_(*this),
      webhooks_(*this),
      jobs_(*this),
      one_offs_(*this),
      volumes_(*this),
      cron_(*this),
      drains_(std::make_unique<control::drains>(*this)) {
    auto hear = sleep_reports(*parts_);
    hear.traffic = [this](const std::string& app, const app_traffic& more) {
        metrics_.add_requests(app, more);
        autoscaling_.hear(app, more, autoscaling::clock::now());
    };
    parts_->tables.on_report(std::move(hear));
    auto& own = *parts_;
    own.logs = std::make_unique<app_logs>(own.settings, own.running, own.cluster, own.background, own.log);
}

platform::~platform() = default;

asio::any_io_executor platform::executor() {
    return parts_->executor;
}

task<result<>> platform::recover() {
    (void)old_now(*parts_);  // from here on it is known how much time goes by
    co_await finish_destroyed_volumes(*parts_);
    auto recovered = co_await control::recover(*parts_);
    if (recovered) {
        parts_->background.spawn("housekeeping", keep_house(*parts_));
        parts_->background.spawn("disks", watch_disks(*parts_));
        parts_->background.spawn("written", watch_written(*parts_));
        parts_->background.spawn("cron", run_cron(*parts_));
        parts_->background.spawn("doors", keep_doors(*parts_));
    }
    co_return recovered;
}

task<> platform::run() {
    parts_->background.spawn("sleepers", watch_sleepers(*parts_));
    parts_->background.spawn("sleepers' sandboxes", keep_sandboxes(*parts_));
    parts_->background.spawn("autoscaling", autoscaling_.run());
    parts_->background.spawn("backups", run_backup_clock(*parts_));
    parts_->background.spawn("stores", keep_stores_tidy(*parts_));
    parts_->background.spawn("disks of databases", watch_service_disks(*parts_));
    parts_->background.spawn("archives", keep_archives(*parts_));
    co_await supervise(*parts_);
}

}  // namespace gasper::control
