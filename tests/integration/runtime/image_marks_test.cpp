#include <gtest/gtest.h>

#include "core/base/blocking.hpp"
#include "runtime/engine/client.hpp"
#include "runtime/single_engine.hpp"
#include "tests/support/run_task.hpp"
#include "tests/support/scripted_engine.hpp"
#include "tests/support/temporary_directory.hpp"

namespace gasper::runtime {
namespace {

using test::scripted_engine;

/// What becomes of the marks of stack images when everything of a Gasper goes.
class image_marks_test : public ::testing::Test {
 protected:
    image_marks_test() {
        engine_.speaks("1.41");
        for (const char* what : {"/containers/json", "/networks"})
            engine_.always("GET", what, scripted_engine::json(200, "[]"));
    }

    void has_images(const std::string& listed) {
        engine_.expect("GET", "/images/json", scripted_engine::json(200, listed));
    }
    void removes(const std::string& tag, int status = 200) {
        const auto body = status == 200 ? "[]" : R"({"message":"said the test"})";
        engine_.expect("DELETE", "/images/" + tag, scripted_engine::json(status, body));
    }
    result<> remove_everything() {
        engine_client client(io_.get_executor(), {.socket = engine_.path()}, log_);
        single_engine_options options;
        options.data = data_.path();
        options.id = "ab12";
        options.wall_host = false;
        single_engine cluster(client, files_, std::move(options), log_);
        auto removed = run(cluster.remove_everything(soon()));
        EXPECT_TRUE(run(cluster.close(soon())));
        return removed;
    }
    template <class T>
    T run(task<T> work) {
        return test::run_task(io_, std::move(work));
    }
    static deadline soon() { return deadline::after(std::chrono::seconds(10)); }

    asio::io_context io_{1};
    logger log_{"test", log_level::error};
    blocking_pool files_{"files", 1};
    test::temporary_directory data_;
    scripted_engine engine_{io_};
};

TEST_F(image_marks_test, go_and_the_images_and_the_marks_of_others_stay) {
    has_images(
        R"([{"Id":"sha256:1","RepoTags":["gasper/stack-go:1a","gasper/used-ab12-stack-go:1a","gasper/used-cd34-stack-go:1a"]},
                   {"Id":"sha256:2","RepoTags":["gasper/used-cd34-stack-python:2b"]},
                   {"Id":"sha256:3","RepoTags":null}])");
    removes("gasper/used-ab12-stack-go:1a");
    const auto removed = remove_everything();
    EXPECT_TRUE(removed) << removed.error().message;
    EXPECT_EQ(engine_.left(), 0u);
}

TEST_F(image_marks_test, go_from_an_image_whose_name_another_gaspers_has_taken) {
    has_images(R"([{"Id":"sha256:1","RepoTags":["gasper/used-ab12-stack-go:1a"]},
                   {"Id":"sha256:2","RepoTags":["gasper/stack-go:1a","gasper/used-cd34-stack-go:1a"]}])");
    removes("gasper/used-ab12-stack-go:1a");
    const auto removed = remove_everything();
    EXPECT_TRUE(removed) << removed.error().message;
    EXPECT_EQ(engine_.left(), 0u);
}

TEST_F(image_marks_test, that_cannot_go_do_not_keep_the_others) {
    has_images(R"([{"Id":"sha256:1","RepoTags":["gasper/used-ab12-stack-go:1a"]},
                   {"Id":"sha256:2","RepoTags":["gasper/stack-php:2b","gasper/used-ab12-stack-php:2b"]},
                   {"Id":"sha256:3","RepoTags":["gasper/stack-ruby:3c","gasper/used-ab12-stack-ruby:3c"]}])");
    removes("gasper/used-ab12-stack-go:1a", 409);  // a container that is not ours runs on it
    removes("gasper/used-ab12-stack-php:2b", 500);
    removes("gasper/used-ab12-stack-ruby:3c");
    const auto removed = remove_everything();
    ASSERT_FALSE(removed);
    EXPECT_NE(removed.error().message.find("said the test"), std::string::npos);
    EXPECT_EQ(engine_.left(), 0u);
}

}  // namespace
}  // namespace gasper::runtime
