// What each resource answers, one source file a resource. The routing table (web/routes.cpp) names them.
#pragma once

#include "web/routes.hpp"

namespace gasper::web {

/// Machines, numbers, events.
std::vector<route> platform_routes();
/// What holds for process types, autoscaling, machines that are drained.
std::vector<route> scaling_routes();

}  // namespace gasper::web

namespace gasper::web::handlers {

task<result<response>> log_in(services& s, call c);
task<result<response>> open_session(services& s, call c);
task<result<response>> close_session(services& s, call c);
task<result<response>> show_user(services& s, call c);

task<result<response>> list_keys(services& s, call c);
task<result<response>> add_key(services& s, call c);
task<result<response>> remove_key(services& s, call c);

task<result<response>> list_apps(services& s, call c);
task<result<response>> create_app(services& s, call c);
task<result<response>> show_app(services& s, call c);
task<result<response>> destroy_app(services& s, call c);
task<result<response>> list_instances(services& s, call c);
task<result<response>> restart_app(services& s, call c);
task<result<response>> follow_logs(services& s, call c);

task<result<response>> show_formation(services& s, call c);
task<result<response>> scale_app(services& s, call c);
task<result<response>> stop_app(services& s, call c);
task<result<response>> start_app(services& s, call c);

task<result<response>> set_process(services& s, call c);
task<result<response>> list_autoscaling(services& s, call c);
task<result<response>> set_autoscaling(services& s, call c);
task<result<response>> remove_autoscaling(services& s, call c);

task<result<response>> show_config(services& s, call c);
task<result<response>> change_config(services& s, call c);

task<result<response>> show_maintenance(services& s, call c);
task<result<response>> set_maintenance(services& s, call c);
task<result<response>> show_autosleep(services& s, call c);
task<result<response>> set_autosleep(services& s, call c);

task<result<response>> list_releases(services& s, call c);
task<result<response>> show_release(services& s, call c);
task<result<response>> roll_back(services& s, call c);

task<result<response>> list_builds(services& s, call c);
task<result<response>> show_build(services& s, call c);
task<result<response>> follow_build(services& s, call c);

task<result<response>> cancel_build(services& s, call c);

task<result<response>> list_volumes(services& s, call c);
task<result<response>> create_volume(services& s, call c);
task<result<response>> destroy_volume(services& s, call c);
task<result<response>> mount_volume(services& s, call c);
task<result<response>> unmount_volume(services& s, call c);

task<result<response>> list_cron(services& s, call c);
task<result<response>> add_cron(services& s, call c);
task<result<response>> remove_cron(services& s, call c);
task<result<response>> run_cron(services& s, call c);
task<result<response>> list_cron_runs(services& s, call c);

task<result<response>> list_runs(services& s, call c);
task<result<response>> begin_run(services& s, call c);
task<result<response>> stop_run(services& s, call c);

task<result<response>> list_jobs(services& s, call c);
task<result<response>> cancel_job(services& s, call c);
task<result<response>> list_steps(services& s, call c);
task<result<response>> show_job(services& s, call c);
task<result<response>> follow_job(services& s, call c);

task<result<response>> show_metrics(services& s, call c);

task<result<response>> list_events(services& s, call c);
task<result<response>> list_webhooks(services& s, call c);
task<result<response>> add_webhook(services& s, call c);
task<result<response>> remove_webhook(services& s, call c);
task<result<response>> list_notifications(services& s, call c);
task<result<response>> add_notification(services& s, call c);
task<result<response>> list_drains(services& s, call c);
task<result<response>> add_drain(services& s, call c);
task<result<response>> remove_drain(services& s, call c);

task<result<response>> list_nodes(services& s, call c);
task<result<response>> show_node(services& s, call c);
task<result<response>> drain_node(services& s, call c);
task<result<response>> activate_node(services& s, call c);
task<result<response>> label_node(services& s, call c);

task<result<response>> show_version(services& s, call c);
task<result<response>> show_openapi(services& s, call c);
task<result<response>> show_health(services& s, call c);

}  // namespace gasper::web::handlers
