// The control plane: the parts list. Every part is made here once and handed to the others by reference.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include "buildpacks/builder.hpp"
#include "control/parts.hpp"
#include "control/platform.hpp"
#include "core/base/crypto.hpp"
#include "gasper/config.hpp"
#include "gasper/data_plane.hpp"
#include "gasper/engine.hpp"
#include "gasper/roles.hpp"
#include "receiver/server.hpp"
#include "runtime/stacks/stacks.hpp"
#include "web/api.hpp"
#include "web/metrics_page.hpp"
#include "web/server.hpp"

namespace gasper {

class control_plane {
 public:
    explicit control_plane(const configuration& config);
    ~control_plane();

    /// Until SIGTERM or SIGINT. The exit status.
    int run();

 private:
    task<> start();
    task<> recover();
    task<result<>> connect_and_recover();
    task<> stop_at_signal();
    task<> shut_down();
    void start_data_plane();
    task<> bound_logs();
    std::unique_ptr<control::parts> make_parts();

    const configuration& config_;
    places at_;
    logger log_;
    asio::io_context io_{1};
    secret_box box_;
    database db_;
    blocking_pool files_{"files", 4};
    blocking_pool hashing_{"hashing", 1};
    engine_parts engine_;
    runtime::stacks stacks_;
    buildpacks::builder builder_;
    table_publisher tables_;
    job_runner jobs_;
    task_scope background_;  // control's: drains and repairs
    control::options settings_;
    control::platform platform_;
    task_scope scope_;  // this class's own: servers and watchers
    std::vector<std::unique_ptr<data_plane>> data_planes_;
    receiver::server ssh_;
    web::options web_settings_;
    web::api web_api_;
    web::server web_;
    web::options metrics_settings_;
    web::metrics_page metrics_page_;
    web::server metrics_;
    asio::signal_set signals_;
};

}  // namespace gasper
