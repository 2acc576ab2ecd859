// A durable piece of work, as a value. States: waiting → running → succeeded | failed | aborted.
#pragma once

#include <string>

#include "core/base/error.hpp"
#include "core/model/model.hpp"

namespace gasper {

enum class job_state { waiting, running, succeeded, failed, aborted };
std::string_view to_string(job_state s) noexcept;

struct job {
    job_id id;
    std::string kind;   // "deploy", "release" …
    std::string key;    // one running job per key: the app's name
    std::string input;  // JSON, what the kind needs to run or resume it
    std::string step;   // the last step that was begun
    job_state state{job_state::waiting};
    std::string reason;  // why it failed: one line for a person
    std::string user;
    sys_time created{}, finished{};
};

}  // namespace gasper
