// Stack images: the base that builds and apps run on. Made on the spot from Debian packages when first needed, with
// progress shown, or any image that the configuration names, pulled when first needed. Concurrent callers share one
// making. Runs on the control executor.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "core/base/asio.hpp"
#include "core/base/deadline.hpp"
#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "core/jobs/job_log.hpp"

namespace gasper::runtime {

class engine_client;

struct stack_options {
    /// "python" → "registry.example/python:3.12": used instead of making one. Keys: a language ("python") for the run
    /// image, "<language>-build" for the build image, "service-<kind>-<version>" for a service's.
    std::map<std::string, std::string> images;
    std::filesystem::path cache;  // scratch space for making
    std::string suite;            // "bookworm"; empty: the host's own
    std::string mirror;           // empty: the host's own apt configuration
};

class stacks {
 public:
    stacks(asio::any_io_executor executor, engine_client& engine, stack_options options, logger& log);
    ~stacks();

    /// The image reference of the stack that `language` runs on: "static", "php", "python", "node", "go", "ruby".
    task<result<std::string>> run_image(std::string language, line_sink progress, deadline until);
    /// The image its builds run in.
    task<result<std::string>> build_image(std::string language, line_sink progress, deadline until);
    /// What a version of a kind of service runs in: service_kind::recipe().
    task<result<std::string>> service_image(std::string recipe, line_sink progress, deadline until);

 private:
    struct state;
    std::unique_ptr<state> state_;
};

}  // namespace gasper::runtime
