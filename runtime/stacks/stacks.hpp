// Stack images: the base that builds and apps run on. Made on the spot from Debian packages when first needed, with
// progress shown, or any image that the configuration names, pulled when first needed. Concurrent callers share one
// making. Runs on the control executor.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <set>
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
    std::string owner;            // who uses them, [a-z0-9]+: several Gaspers on one engine share what is the same
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

    /// The same made anew, of the packages of today, beside the one that is there: its reference. Only who asked uses
    /// it until adopt(); `whom` ([a-z0-9-]) tells those apart who ask at the same time. A configured image is pulled
    /// again instead, and is then what all use.
    task<result<std::string>> remake_service_image(std::string recipe, std::string whom, line_sink progress,
                                                   deadline until);
    /// What was made anew takes the other's place for all that start from now on; the other goes by collect().
    task<result<>> adopt_service_image(std::string recipe, std::string whom, deadline until);
    /// It goes. No error when there is none.
    task<> drop_service_image(std::string recipe, std::string whom, deadline until);

    /// Gives up what this owner once used and uses no more: images of an older recipe that are not among `in_use`. An
    /// image that nobody else uses goes, when no container has it either. How many were given up.
    task<result<std::size_t>> collect(std::set<std::string> in_use, deadline until);

 private:
    struct state;
    std::unique_ptr<state> state_;
};

}  // namespace gasper::runtime
