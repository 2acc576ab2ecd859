// From a commit to an artifact: detects the language from the git tree (no checkout), lays out the release directory,
// and compiles in a build container where there is something to compile. Dependency layers are reused while the lock
// files are unchanged. Runs on the control executor; git and files on a blocking pool.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "core/base/asio.hpp"
#include "core/base/blocking.hpp"
#include "core/base/deadline.hpp"
#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "core/jobs/job_log.hpp"
#include "core/model/app_json.hpp"
#include "core/model/model.hpp"
#include "runtime/cluster.hpp"
#include "runtime/stacks/stacks.hpp"

namespace gasper::buildpacks {

struct build_request {
    std::string app;
    std::filesystem::path repository;  // bare; the commit's objects are in it
    std::string commit;
    config_vars env;                       // the app's config vars: builds see them
    std::filesystem::path output;          // the release directory to make; must not exist; removed again on failure
    std::filesystem::path cache;           // the app's build cache, kept between builds
    std::optional<std::string> buildpack;  // named by the user: no detection
};

struct build_result {
    std::string language;  // "python"
    artifact code;
    process_types processes;  // from the Procfile, completed by the pack's default
    app_json declared;        // what app.json says
};

struct builder_options {
    limits limit{.memory_bytes = 2ll << 30, .cpus = 2.0, .processes = 1024};
    std::int64_t max_tree_bytes{1ll << 30};  // checked-out size of a commit
    int max_tree_files{100'000};
};

class builder {
 public:
    builder(runtime::cluster& cluster, runtime::stacks& stacks, blocking_pool& files, builder_options options,
            logger& log);

    /// Lines in Heroku's style go to `out`: "-----> Python app detected", details indented by 7.
    /// Refuses with a code that fits in `(build failed)`: "no_buildpack", "build_failed", "procfile_invalid" …
    task<result<build_result>> build(build_request request, line_sink out, deadline until);
    /// What app.json of a commit says, without a build.
    task<result<app_json>> declared(std::filesystem::path repository, std::string commit);

    /// See runtime::stacks::collect.
    task<result<std::size_t>> collect_stacks(std::set<std::string> in_use, deadline until) {
        return stacks_.collect(std::move(in_use), until);
    }

 private:
    runtime::cluster& cluster_;
    runtime::stacks& stacks_;
    blocking_pool& files_;
    builder_options options_;
    logger& log_;
};

}  // namespace gasper::buildpacks
