// The fixture of tests against the Docker Engine of this machine: a Gasper of its own (its id, networks, data
// directory), removed again whatever happens, and a small image with a static busybox as its only program.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/base/blocking.hpp"
#include "core/base/log.hpp"
#include "runtime/engine/client.hpp"
#include "runtime/single_engine.hpp"
#include "tests/support/run_task.hpp"

namespace gasper::runtime {

class real_engine_test : public ::testing::Test {
 protected:
    void SetUp() override;
    void TearDown() override;

    template <class T>
    T run(task<T> work) {
        return test::run_task(io_, std::move(work), std::chrono::seconds(60));
    }

    static deadline soon() { return deadline::after(std::chrono::seconds(30)); }

    /// An instance of `app` that runs `command` with a release directory that holds one file, hello.txt.
    instance_spec spec(const std::string& app, const std::string& command, std::uint16_t port = 5000);
    once_spec once(const std::string& command);
    /// A second Gasper on the same engine.
    std::unique_ptr<single_engine> another(single_engine_options options);

    std::filesystem::path data_;
    std::string image_;
    asio::io_context io_{1};
    logger log_{"test", log_level::error};
    blocking_pool files_{"files", 1};
    std::unique_ptr<engine_client> client_;
    std::unique_ptr<single_engine> engine_;
};

}  // namespace gasper::runtime
