// Builds of the sample apps on the Docker Engine of this machine, by the real builder, and instances of what they made.
// A Gasper of its own, removed again whatever happens; the stack images stay, since making them takes minutes.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "buildpacks/builder.hpp"
#include "runtime/engine/client.hpp"
#include "runtime/single_engine.hpp"
#include "tests/support/run_task.hpp"
#include "tests/support/scratch_repository.hpp"

namespace gasper::buildpacks {

class build_fixture : public ::testing::Test {
 protected:
    struct outcome {
        result<build_result> made;
        std::string output;
        std::chrono::milliseconds took;
    };

    void SetUp() override;
    void TearDown() override;

    /// The sample app, with these files instead of its own.
    std::map<std::string, std::string> sample(const std::string& name, std::map<std::string, std::string> changed = {});
    outcome build(const std::map<std::string, std::string>& files, config_vars env = {});
    /// Starts the web process and asks for `path`: status line and body.
    std::string answer(const build_result& made, const std::string& path = "/");

    template <class T>
    T run(task<T> work) {
        return test::run_task(io_, std::move(work), std::chrono::minutes(14));
    }
    static deadline soon() { return deadline::after(std::chrono::minutes(14)); }

    asio::io_context io_{1};
    logger log_{"test", log_level::error};
    blocking_pool files_{"files", 1};
    testing::scratch_repository repository_;
    std::unique_ptr<runtime::engine_client> client_;
    std::unique_ptr<runtime::single_engine> engine_;
    std::unique_ptr<runtime::stacks> stacks_;
    std::unique_ptr<builder> builder_;
    int builds_{0};
};

}  // namespace gasper::buildpacks
