// What the two doors hold: the use cases in one place. `gasper/serve.cpp` makes it; the doors get a reference.
#pragma once

#include <memory>

#include "control/accounts.hpp"
#include "control/apps.hpp"
#include "control/audit.hpp"
#include "control/autoscaling.hpp"
#include "control/cron.hpp"
#include "control/deploys.hpp"
#include "control/formations.hpp"
#include "control/job_views.hpp"
#include "control/metrics/metrics.hpp"
#include "control/nodes.hpp"
#include "control/one_offs.hpp"
#include "control/routings.hpp"
#include "control/streams.hpp"
#include "control/volumes.hpp"
#include "control/webhooks/webhooks.hpp"
#include "core/base/asio.hpp"

namespace gasper::control {

class drains;  // control/drains/drains.hpp
struct parts;  // control/parts.hpp: what the use cases share, for control's own sources only

class platform {
 public:
    explicit platform(std::unique_ptr<parts> p);
    ~platform();
    platform(const platform&) = delete;
    platform& operator=(const platform&) = delete;

    control::accounts& accounts() { return *accounts_; }
    control::apps& apps() { return apps_; }
    control::deploys& deploys() { return deploys_; }
    control::formations& formations() { return formations_; }
    control::autoscaling& autoscaling() { return autoscaling_; }
    control::routings& routings() { return routings_; }
    control::streams& streams() { return streams_; }
    control::nodes& nodes() { return nodes_; }
    control::metrics& metrics() { return metrics_; }
    control::audit& audit() { return audit_; }
    control::webhooks& webhooks() { return webhooks_; }
    control::job_views& jobs() { return jobs_; }
    control::one_offs& one_offs() { return one_offs_; }
    control::volumes& volumes() { return volumes_; }
    control::cron& cron() { return cron_; }
    control::drains& drains() { return *drains_; }
    /// Runs one handler at a time. Doors on other threads hop: co_await asio::co_spawn(platform.executor(), …).
    asio::any_io_executor executor();

    /// Makes store, repositories, engine and tables agree, then resumes or fails interrupted jobs. Call once at start.
    task<result<>> recover();
    /// Watches the engine and repairs drift until cancelled.
    task<> run();

    control::parts& shared() { return *parts_; }

 private:
    std::unique_ptr<control::parts> parts_;
    std::unique_ptr<control::accounts> accounts_;
    control::apps apps_;
    control::deploys deploys_;
    control::formations formations_;
    control::autoscaling autoscaling_;
    control::routings routings_;
    control::streams streams_;
    control::nodes nodes_;
    control::metrics metrics_;
    control::audit audit_;
    control::webhooks webhooks_;
    control::job_views jobs_;
    control::one_offs one_offs_;
    control::volumes volumes_;
    control::cron cron_;
    std::unique_ptr<control::drains> drains_;
};

}  // namespace gasper::control
