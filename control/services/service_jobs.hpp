// Jobs of a service: its first start and its end. For control's own sources.
#pragma once

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
task<result<>> run_destroy(parts& p, service_id id, job_context& job);

enum class server_order { start, stop, restart };
std::string_view to_string(server_order o) noexcept;
task<result<>> run_order(parts& p, service_id id, server_order what, job_context& job);

/// Server, network, data and row.
task<result<>> erase_service(parts& p, service s);

}  // namespace gasper::control
