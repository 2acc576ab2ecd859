#include "control/sleep_book.hpp"

#include <gmock/gmock.h>

namespace gasper::control {
namespace {

using store::sleep_stage;
using testing::ElementsAre;
using testing::IsEmpty;

class sleep_book_test : public testing::Test {
 protected:
    void put(const std::string& app, sleep_stage stage, std::chrono::seconds ago) {
        auto& e = book.of(app);
        e.stage = stage;
        e.since = now - ago;
    }

    sleep_book book;
    const deadline::clock::time_point now = deadline::clock::now();
};

TEST_F(sleep_book_test, names_those_that_were_stopped_the_newest_first) {
    put("old", sleep_stage::stopped, std::chrono::seconds(300));
    put("new", sleep_stage::stopped, std::chrono::seconds(1));
    put("between", sleep_stage::stopped, std::chrono::seconds(20));
    put("frozen", sleep_stage::frozen, std::chrono::seconds(10));
    put("awake", sleep_stage::awake, std::chrono::seconds(10));
    EXPECT_THAT(book.stopped_last(50), ElementsAre("new", "between", "old"));
}

TEST_F(sleep_book_test, leaves_out_those_that_sleep_longest) {
    put("first", sleep_stage::stopped, std::chrono::seconds(3));
    put("second", sleep_stage::stopped, std::chrono::seconds(2));
    put("third", sleep_stage::stopped, std::chrono::seconds(1));
    EXPECT_THAT(book.stopped_last(2), ElementsAre("third", "second"));
    EXPECT_THAT(book.stopped_last(0), IsEmpty());
}

TEST_F(sleep_book_test, one_that_wakes_makes_room) {
    put("first", sleep_stage::stopped, std::chrono::seconds(2));
    put("second", sleep_stage::stopped, std::chrono::seconds(1));
    book.of("second").stage = sleep_stage::awake;
    EXPECT_THAT(book.stopped_last(1), ElementsAre("first"));
    book.forget("first");
    EXPECT_THAT(book.stopped_last(1), IsEmpty());
}

}  // namespace
}  // namespace gasper::control
