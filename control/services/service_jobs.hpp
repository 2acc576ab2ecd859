// Jobs of a service: its first start, its stops and starts, its end. For control's own sources.
#pragma once

#include <optional>
#include <string>

#include "control/parts.hpp"
#include "core/jobs/runner.hpp"
#include "core/model/service.hpp"

namespace gasper::control {

constexpr std::string_view service_job_prefix = "service:";
inline std::string service_job_key(const std::string& name) {
    return std::string(service_job_prefix) + name;
}

/// On refusal nothing is left of it.
task<result<>> run_create(parts& p, service_id id, job_context& job);
/// Of one whose row is in the store.
task<result<job_id>> start_create(parts& p, service s, std::string user);
task<result<job_runner::work>> resume_create(parts& p, job cut);
task<> clear_create(parts& p, job cut, std::string reason);
/// Once its last backup is verified it is gone for its owner; from then on a restart finishes what is left to remove.
task<result<>> run_destroy(parts& p, service_id id, job_context& job);
task<result<job_runner::work>> resume_destroy(parts& p, job cut);

enum class server_order { start, stop, restart };
std::string_view to_string(server_order o) noexcept;
/// The kind of its job: "service-stop".
constexpr std::string_view order_prefix = "service-";
std::optional<server_order> order_of(const job& j);
task<result<job_id>> start_order(parts& p, service s, server_order what, std::string user);
task<result<job_runner::work>> resume_order(parts& p, job cut);
task<> clear_order(parts& p, job cut, std::string reason);
/// Of one that shall be stopped and runs; in the background.
task<> finish_stop(parts& p, service s);

/// Server, network, data and row.
task<result<>> erase_service(parts& p, service s);
/// All of it but the row.
task<result<>> clear_service(parts& p, service s);

}  // namespace gasper::control
