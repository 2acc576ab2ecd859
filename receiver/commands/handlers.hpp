// The handlers of the command table, by the part of the house that they are about.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "core/model/job.hpp"
#include "receiver/commands/command.hpp"

namespace gasper::receiver {

task<result<>> run_apps_create(command_call& call);
task<result<>> run_apps_list(command_call& call);
task<result<>> run_apps_info(command_call& call);
task<result<>> run_apps_destroy(command_call& call);
task<result<>> run_ps(command_call& call);
task<result<>> run_ps_restart(command_call& call);
task<result<>> run_logs(command_call& call);

task<result<>> run_ps_scale(command_call& call);
task<result<>> run_ps_stop(command_call& call);
task<result<>> run_ps_start(command_call& call);
task<result<>> run_ps_limits(command_call& call);
task<result<>> run_checks(command_call& call);
task<result<>> run_checks_set(command_call& call);

task<result<>> run_config(command_call& call);
task<result<>> run_config_set(command_call& call);
task<result<>> run_config_get(command_call& call);
task<result<>> run_config_unset(command_call& call);

task<result<>> run_releases(command_call& call);
task<result<>> run_releases_info(command_call& call);
task<result<>> run_releases_rollback(command_call& call);
task<result<>> run_builds(command_call& call);
task<result<>> run_builds_info(command_call& call);

/// ps:autoscale.
std::vector<command> scaling_commands();
/// maintenance:* and ps:autosleep.
std::vector<command> routing_commands();
/// Machines, numbers, events.
std::vector<command> platform_commands();
task<result<>> run_metrics(command_call& call);
task<result<>> run_events(command_call& call);
task<result<>> run_webhooks(command_call& call);
task<result<>> run_webhooks_add(command_call& call);
task<result<>> run_webhooks_remove(command_call& call);
task<result<>> run_notifications(command_call& call);
task<result<>> run_notifications_add(command_call& call);
task<result<>> run_drains_list(command_call& call);
task<result<>> run_drains_add(command_call& call);
task<result<>> run_drains_remove(command_call& call);
task<result<>> run_nodes(command_call& call);
task<result<>> run_nodes_info(command_call& call);
task<result<>> run_nodes_drain(command_call& call);
task<result<>> run_nodes_activate(command_call& call);
task<result<>> run_nodes_label(command_call& call);

task<result<>> run_keys(command_call& call);
task<result<>> run_keys_add(command_call& call);
task<result<>> run_keys_remove(command_call& call);

/// The part of the command table about jobs, one-off processes and volumes.
std::vector<command> commands_of_work();

/// Detached; an attached one is a session (sessions/shell_session.cpp).
task<result<>> run_run(command_call& call);
task<result<>> run_run_list(command_call& call);
task<result<>> run_run_stop(command_call& call);
/// One string for a shell: words with blanks or quotes are quoted again, the others may mean something there.
std::string shell_command(const std::vector<std::string>& words);

task<result<>> run_cron_list(command_call& call);
task<result<>> run_cron_add(command_call& call);
task<result<>> run_cron_remove(command_call& call);
task<result<>> run_cron_run(command_call& call);
task<result<>> run_cron_history(command_call& call);
task<result<>> run_storage_create(command_call& call);
task<result<>> run_storage_list(command_call& call);
task<result<>> run_storage_mount(command_call& call);
task<result<>> run_storage_unmount(command_call& call);
task<result<>> run_storage_destroy(command_call& call);

task<result<>> run_builds_cancel(command_call& call);
task<result<>> run_jobs(command_call& call);
task<result<>> run_jobs_cancel(command_call& call);
task<result<>> run_jobs_info(command_call& call);
task<result<>> run_jobs_log(command_call& call);
task<result<>> run_whoami(command_call& call);
task<result<>> run_help(command_call& call);
task<result<>> run_version(command_call& call);

/// Waits for the job's end; refuses with its reason, after its log on standard error, when it failed.
task<result<job>> finish_job(command_call& call, job_id id);
/// The same of a job that a use case began, and says "what... done".
task<result<>> finish(command_call& call, std::string what, result<job_id> begun);
/// The same, with the job's log as it is written: of what takes long, and of what one wants to know how it went.
task<result<>> finish_telling(command_call& call, std::string what, result<job_id> begun);

/// What the command was given as --name.
std::string option(const command_call& call, const std::string& name, const std::string& otherwise = {});

/// A number from 1 on, in decimal digits.
result<int> parse_number(const std::string& text, const std::string& what, int most);

/// Indented, with its newline; what is not UTF-8 is replaced.
std::string json_text(const nlohmann::json& value);
/// The same on one line.
std::string json_line(const nlohmann::json& value);

/// Lines up `rows` under each other, two spaces apart.
std::string columns(const std::vector<std::vector<std::string>>& rows);

}  // namespace gasper::receiver
