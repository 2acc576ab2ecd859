#include <gtest/gtest.h>

#include "runtime/engine/client.hpp"
#include "runtime/stacks/stacks.hpp"
#include "tests/support/run_task.hpp"
#include "tests/support/scripted_engine.hpp"

namespace gasper::runtime {
namespace {

using test::scripted_engine;

const std::string redis = "service-redis-7";

class remade_image_test : public ::testing::Test {
 protected:
    remade_image_test() {
        engine_.speaks("1.41");
        options_.suite = "bookworm";
        options_.mirror = "http://mirror.example/debian";
        options_.owner = "ab12";
        options_.images["base"] = "example/base:1";
    }

    template <class F>
    auto with_stacks(F ask) {
        engine_client client(io_.get_executor(), {.socket = engine_.path()}, log_);
        stacks made(io_.get_executor(), client, options_, log_);
        return test::run_task(io_, ask(made));
    }
    void expect_build(const std::string& answer) {
        engine_.expect("GET", "/images/example/base:1/json", scripted_engine::json(200, R"({"Id":"sha256:1"})"));
        engine_.expect("POST", "/build", scripted_engine::chunked({answer + "\r\n"}));
    }
    result<std::string> remake() {
        line_sink keep = [this](std::string_view line) { said_ += line; };
        return with_stacks([keep](stacks& s) { return s.remake_service_image(redis, "blue", keep, soon()); });
    }
    static deadline soon() { return deadline::after(std::chrono::seconds(10)); }
    /// None: nothing like it was asked.
    const scripted_engine::request* asked(const std::string& part) const {
        for (const auto& r : engine_.seen())
            if (r.target.find(part) != std::string::npos) return &r;
        return nullptr;
    }

    asio::io_context io_{1};
    logger log_{"test", log_level::error};
    scripted_engine engine_{io_};
    stack_options options_;
    std::string said_;
};

TEST_F(remade_image_test, is_built_without_the_cache_under_a_name_of_its_own) {
    expect_build(R"({"aux":{"ID":"sha256:2"}})");
    const auto image = remake();
    ASSERT_TRUE(image) << image.error().message;
    EXPECT_TRUE(image->starts_with("gasper/next-ab12-blue-stack-service-redis-7:")) << *image;
    ASSERT_TRUE(asked("/build"));
    EXPECT_NE(asked("/build")->target.find("nocache=1"), std::string::npos);
    EXPECT_NE(said_.find("of the packages of today"), std::string::npos);
}

TEST_F(remade_image_test, that_cannot_be_made_is_refused_and_changes_nothing) {
    expect_build(R"({"error":"no space left on device"})");
    const auto image = remake();
    ASSERT_FALSE(image);
    EXPECT_EQ(image.error().code, "stack_failed");
    EXPECT_NE(image.error().message.find("no space left on device"), std::string::npos);
}

TEST_F(remade_image_test, takes_the_others_tag_when_it_is_adopted) {
    expect_build(R"({"aux":{"ID":"sha256:2"}})");
    const auto next = remake().value();
    const auto usual = "gasper/" + next.substr(next.find("stack-"));
    engine_.expect("POST", "/images/" + next + "/tag", scripted_engine::json(201, ""));
    engine_.expect("POST", "/images/" + usual + "/tag", scripted_engine::json(201, ""));
    const auto done = with_stacks([](stacks& s) { return s.adopt_service_image(redis, "blue", soon()); });
    EXPECT_TRUE(done) << done.error().message;
    EXPECT_EQ(engine_.left(), 0u);
}

TEST_F(remade_image_test, a_configured_one_is_pulled_again_or_used_as_it_is) {
    options_.images[redis] = "example/redis:7";
    engine_.expect("POST", "/images/create", scripted_engine::json(404, R"({"message":"pull access denied"})"));
    engine_.expect("GET", "/images/example/redis:7/json", scripted_engine::json(200, R"({"Id":"sha256:1"})"));
    const auto image = remake();
    ASSERT_TRUE(image) << image.error().message;
    EXPECT_EQ(*image, "example/redis:7");
    EXPECT_NE(said_.find("what is there is used"), std::string::npos);
    EXPECT_TRUE(with_stacks([](stacks& s) { return s.adopt_service_image(redis, "blue", soon()); }));
}

}  // namespace
}  // namespace gasper::runtime
