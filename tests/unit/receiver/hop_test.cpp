#include "receiver/ssh/hop.hpp"

#include <gtest/gtest.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/system/system_error.hpp>
#include <future>
#include <sstream>
#include <thread>

#include "core/base/deadline.hpp"
#include "core/base/task_scope.hpp"
#include "receiver/sessions/relay.hpp"

namespace gasper::receiver {
namespace {

// Two executors with a thread each, as the door's and control's.
class hop_test : public testing::Test {
 protected:
    ~hop_test() override {
        guard_.reset();
        thread_.join();
    }

    void run(task<> work) {
        auto fault = asio::co_spawn(here_, std::move(work), asio::use_future_t<>());
        here_.run();
        fault.get();
    }

    asio::io_context here_{1}, there_{1};
    asio::executor_work_guard<asio::io_context::executor_type> guard_{there_.get_executor()};
    std::thread thread_{[this] { there_.run(); }};
};

task<std::string> name_of_thread() {
    std::ostringstream name;
    name << std::this_thread::get_id();
    co_return name.str();
}

task<int> throws() {
    co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
    throw std::runtime_error("broken");
}

task<int> waits(std::promise<void>* cancelled) {
    try {
        co_await sleep_until(deadline::after(std::chrono::hours(1)));
    } catch (const boost::system::system_error&) {
        cancelled->set_value();
        throw;
    }
    co_return 0;
}

TEST_F(hop_test, runs_there_and_resumes_here) {
    auto test = [](asio::any_io_executor there) -> task<> {
        const auto mine = co_await name_of_thread();
        for (int i = 0; i < 1000; ++i) {
            const auto theirs = co_await hop(there, name_of_thread());
            EXPECT_NE(theirs, mine);
            EXPECT_EQ(co_await name_of_thread(), mine);
        }
    };
    run(test(there_.get_executor()));
}

TEST_F(hop_test, brings_an_exception_back) {
    auto test = [](asio::any_io_executor there) -> task<> {
        EXPECT_THROW(co_await hop(there, throws()), std::runtime_error);
    };
    run(test(there_.get_executor()));
}

TEST_F(hop_test, cancels_the_work_there_and_waits_for_its_end) {
    std::promise<void> cancelled;
    auto test = [](asio::any_io_executor there, std::promise<void>* told) -> task<> {
        auto stopped =
            co_await with_deadline(hop(there, waits(told)), deadline::after(std::chrono::milliseconds(20)), "it");
        EXPECT_FALSE(stopped);
    };
    run(test(there_.get_executor(), &cancelled));
    EXPECT_EQ(cancelled.get_future().wait_for(std::chrono::seconds(0)), std::future_status::ready);
}

TEST_F(hop_test, survives_a_cancellation_that_comes_with_the_result) {
    auto race = [](asio::any_io_executor there) -> task<> {
        for (int i = 0; i < 300; ++i)
            (void)co_await with_deadline(hop(there, name_of_thread()),
                                         deadline::after(std::chrono::microseconds(i % 60)), "it");
    };
    run(race(there_.get_executor()));
}

TEST_F(hop_test, a_relay_keeps_the_order_and_ends_with_its_object) {
    std::string heard;
    relay::listener late;
    auto say = [](relay::listener sink) -> task<int> {
        for (int i = 0; i < 10; ++i)
            sink(std::to_string(i));
        co_return 0;
    };
    auto test = [](asio::any_io_executor there, auto speak, std::string* to, relay::listener* left) -> task<> {
        relay lines(co_await asio::this_coro::executor, [to](std::string_view text) { *to += text; });
        *left = lines.sink();
        auto work = speak(lines.sink());
        co_await hop(there, std::move(work));
        EXPECT_EQ(*to, "0123456789");
    };
    run(test(there_.get_executor(), say, &heard, &late));
    late("too late");
    here_.restart();
    here_.run();
    EXPECT_EQ(heard, "0123456789");
}

}  // namespace
}  // namespace gasper::receiver
