#include <gtest/gtest.h>

#include "runtime/engine/client.hpp"
#include "runtime/stacks/stacks.hpp"
#include "tests/support/run_task.hpp"
#include "tests/support/scripted_engine.hpp"

namespace gasper::runtime {
namespace {

using test::scripted_engine;

class configured_stack_test : public ::testing::Test {
 protected:
    configured_stack_test() { engine_.speaks("1.41"); }

    result<std::string> run_image(const std::string& language) {
        engine_client client(io_.get_executor(), {.socket = engine_.path()}, log_);
        stack_options options;
        options.images["python"] = "example/python:3.12";
        stacks made(io_.get_executor(), client, options, log_);
        line_sink keep = [this](std::string_view line) { said_ += line; };
        return test::run_task(io_, made.run_image(language, keep, deadline::after(std::chrono::seconds(10))));
    }

    asio::io_context io_{1};
    logger log_{"test", log_level::error};
    scripted_engine engine_{io_};
    std::string said_;
};

TEST_F(configured_stack_test, is_used_as_it_is_when_the_engine_has_it) {
    engine_.expect("GET", "/images/example/python:3.12/json", scripted_engine::json(200, R"({"Id":"sha256:1"})"));
    const auto image = run_image("python");
    ASSERT_TRUE(image) << image.error().message;
    EXPECT_EQ(*image, "example/python:3.12");
    EXPECT_EQ(said_, "");
}

TEST_F(configured_stack_test, is_pulled_when_first_needed) {
    engine_.expect("GET", "/images/example/python:3.12/json",
                   scripted_engine::json(404, R"({"message":"no such image"})"));
    engine_.expect("POST", "/images/create", scripted_engine::chunked({"{\"status\":\"Pulling\"}\r\n"}));
    const auto image = run_image("python");
    ASSERT_TRUE(image) << image.error().message;
    EXPECT_EQ(*image, "example/python:3.12");
    EXPECT_NE(said_.find("Pulling the stack image example/python:3.12"), std::string::npos);
}

TEST_F(configured_stack_test, that_cannot_be_pulled_is_refused_with_its_name_and_why) {
    engine_.expect("GET", "/images/example/python:3.12/json",
                   scripted_engine::json(404, R"({"message":"no such image"})"));
    engine_.expect("POST", "/images/create", scripted_engine::json(404, R"({"message":"pull access denied"})"));
    const auto image = run_image("python");
    ASSERT_FALSE(image);
    EXPECT_EQ(image.error().code, "stack_failed");
    EXPECT_NE(image.error().message.find("example/python:3.12"), std::string::npos);
    EXPECT_NE(image.error().message.find("pull access denied"), std::string::npos);
}

TEST_F(configured_stack_test, no_language_of_that_name_is_refused) {
    EXPECT_EQ(run_image("cobol").error().code, "no_stack");
}

}  // namespace
}  // namespace gasper::runtime
