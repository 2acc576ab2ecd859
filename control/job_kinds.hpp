// The kinds of jobs and how each goes on after a restart. A kind that is not among them ends as failed.
#pragma once

#include <string_view>
#include <vector>

#include "control/parts.hpp"

namespace gasper::control {

struct job_kind {
    std::string_view name;
    bool restarts;  // what it does is there whole or not at all: the committed step ends it but for what follows
    /// What is left to do, from the job's input; a refusal ends it. The work asks its context what was done.
    task<result<job_runner::work>> (*resume)(parts& p, job cut);
    /// Of one that ends otherwise than well: what it had made goes.
    task<> (*clear)(parts& p, job cut, std::string reason){nullptr};
};

const std::vector<job_kind>& job_kinds();

/// Of the start after an end that cut jobs: each is ready to go on, or ends. First this: those that end, end; the
/// others.
task<std::vector<job>> settle_jobs(parts& p);
/// Then, once the engine, the store and the tables agree: they go on, in the order they came.
task<> resume_jobs(parts& p, std::vector<job> cut);

/// The app that a job is about.
task<result<app>> app_of(parts& p, job j);

task<result<job_runner::work>> resume_config(parts& p, job cut);
task<result<job_runner::work>> resume_settings(parts& p, job cut);
task<result<job_runner::work>> resume_rollback(parts& p, job cut);
task<result<job_runner::work>> resume_restart(parts& p, job cut);
task<result<job_runner::work>> resume_mount(parts& p, job cut);
task<result<job_runner::work>> resume_scale(parts& p, job cut);
task<result<job_runner::work>> resume_stopped(parts& p, job cut);
task<result<job_runner::work>> resume_deploy(parts& p, job cut);

}  // namespace gasper::control
