// What answers are made of.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "core/model/job.hpp"
#include "web/routes.hpp"

namespace gasper::web::handlers {

response json_response(int status, const nlohmann::json& body);
response no_content();

/// A field of a body, of which the schema says that it is text.
std::string text_or(const nlohmann::json& body, const char* name, const std::string& otherwise = {});

/// 202 with the job and its Location.
response accepted(const job& j);
/// The same of a job that a use case began.
task<result<response>> as_job(services& s, control::identity who, result<job_id> begun);

}  // namespace gasper::web::handlers
