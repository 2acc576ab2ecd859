// The model's values as the API shows them. Never a config value but in Config itself, never a host path.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "control/apps.hpp"
#include "control/identity.hpp"
#include "core/logs/entry.hpp"
#include "core/model/job.hpp"
#include "core/model/model.hpp"
#include "web/http.hpp"

namespace gasper::web::handlers {

response json_response(int status, const nlohmann::json& body);

nlohmann::json view(const control::identity& who);
nlohmann::json view(const ssh_key& key);
nlohmann::json view(const control::app_view& app, const release* current);
nlohmann::json view(const control::instance_view& instance);
nlohmann::json view(const release& r, bool current);
nlohmann::json view(const build& b);
nlohmann::json view(const log_entry& e);

/// A field of a body, of which the schema says that it is text.
std::string text_or(const nlohmann::json& body, const char* name, const std::string& otherwise = {});

/// 202 with the job and its Location.
response accepted(const job& j);
/// The same of a job that a use case began.
task<result<response>> as_job(services& s, control::identity who, result<job_id> begun);

}  // namespace gasper::web::handlers
