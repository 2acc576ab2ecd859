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
    job_id parent;      // of a job that another began; none: it stands for itself
    std::string kind;   // "deploy", "config", "run" …
    std::string key;    // one running job per key: "hello", or "hello/run.1" for what may run beside
    std::string input;  // JSON, what the kind needs to run or resume it
    std::string step;   // the last step that was begun
    job_state state{job_state::waiting};
    std::string reason;  // why it failed: one line for a person
    std::string user;
    sys_time created{}, finished{};

    /// The app that it is about: the key up to a '/'.
    std::string app() const { return key.substr(0, key.find('/')); }
};

/// One step of a job: written before its effect, and again when the next one begins or the job ends.
struct job_step {
    int number{0};
    std::string name;
    job_state state{job_state::running};
    sys_time begun{}, ended{};
};

}  // namespace gasper
