#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <boost/asio/write.hpp>
#include <fstream>

#include "core/base/files.hpp"
#include "core/base/task_scope.hpp"
#include "core/tables/follower.hpp"
#include "core/tables/publisher.hpp"
#include "tests/support/run_task.hpp"
#include "tests/support/temporary_directory.hpp"

namespace gasper {
namespace {

using namespace std::chrono_literals;
using test::run_task;
using test::run_until;
using stream = asio::local::stream_protocol;

table one_route(std::string app) {
    table t;
    t.routes = {{app, {app + ".test"}, {}, false}};
    return t;
}

class table_feed : public ::testing::Test {
 protected:
    // One end of the feed, running in a scope of its own so that it can die and come back.
    struct publisher_process {
        explicit publisher_process(table_feed& t)
            : scope(t.io.get_executor(), [](auto& name, auto& what) { ADD_FAILURE() << name << ": " << what; }),
              io(t.io),
              tables(t.io.get_executor(), {t.dir / "tables.json", t.dir / "feed", 64, 1000ms}, t.log) {
            scope.spawn("publisher", tables.run());
        }
        ~publisher_process() { run_task(io, scope.stop(deadline::after(5s))); }

        task_scope scope;
        asio::io_context& io;
        table_publisher tables;
    };

    struct follower_process {
        follower_process(table_feed& t, follower_options options)
            : scope(t.io.get_executor(), [](auto& name, auto& what) { ADD_FAILURE() << name << ": " << what; }),
              io(t.io),
              follower(t.io.get_executor(), std::move(options), t.log, [this](auto next) { return apply(next); }) {}
        ~follower_process() { run_task(io, scope.stop(deadline::after(5s))); }
        void run() { scope.spawn("follower", follower.run()); }

        result<> apply(std::shared_ptr<const table> next) {
            if (!next->routes.empty() && next->routes[0].app == "refuse-me")
                return fail(errc::invalid, "test", "not this one");
            got.push_back(next);
            return {};
        }

        task_scope scope;
        asio::io_context& io;
        std::vector<std::shared_ptr<const table>> got;
        table_follower follower;
    };

    follower_options feed_options() { return {dir / "router.json", dir / "feed", "router"}; }
    bool applied(table_publisher& p, std::uint64_t version, deadline::clock::duration within = 5s) {
        return run_task(io, p.applied("router", version, deadline::after(within)));
    }
    void put(const std::string& json) { ASSERT_TRUE(replace_file(dir / "tables.json", json)); }

    test::temporary_directory dir;
    asio::io_context io;
    logger log{"test", log_level::error};
};

TEST_F(table_feed, brings_a_table_to_a_subscriber_within_10_ms) {
    publisher_process p(*this);
    follower_process f(*this, feed_options());
    f.run();
    ASSERT_TRUE(run_until(io, [&] { return p.tables.subscribers().size() == 1; }));
    EXPECT_EQ(p.tables.subscribers()[0].name, "router");
    EXPECT_EQ(p.tables.subscribers()[0].pid, ::getpid());
    auto best = std::chrono::steady_clock::duration::max();
    for (std::uint64_t version = 1; version <= 20; ++version) {
        const auto start = std::chrono::steady_clock::now();
        ASSERT_EQ(p.tables.publish(one_route("hello")), version);
        ASSERT_TRUE(applied(p.tables, version));
        best = std::min(best, std::chrono::steady_clock::now() - start);
        ASSERT_EQ(f.got.back()->version, version);
    }
    RecordProperty("best_us", static_cast<int>(best / 1us));
    EXPECT_LT(best, 10ms);
}

TEST_F(table_feed, knows_nothing_applied_without_a_subscriber) {
    publisher_process p(*this);
    EXPECT_FALSE(applied(p.tables, p.tables.publish(one_route("hello")), 20ms));
}

TEST_F(table_feed, waits_for_every_subscriber_of_that_name) {
    publisher_process p(*this);
    follower_process old(*this, feed_options()), young(*this, feed_options());
    old.run(), young.run();
    ASSERT_TRUE(run_until(io, [&] { return p.tables.subscribers().size() == 2; }));
    ASSERT_TRUE(applied(p.tables, p.tables.publish(one_route("hello"))));
    EXPECT_EQ(old.got.size(), 1u);
    EXPECT_EQ(young.got.size(), 1u);
}

TEST_F(table_feed, goes_on_with_its_versions_and_serves_its_last_table_when_the_publisher_returns) {
    follower_process f(*this, feed_options());
    f.run();
    {
        publisher_process p(*this);
        p.tables.publish(one_route("first"));
        ASSERT_TRUE(applied(p.tables, p.tables.publish(one_route("second"))));
        ASSERT_TRUE(run_task(io, p.tables.written(2, deadline::after(5s))));
    }
    std::ofstream(dir / "feed") << "a stale file in the socket's place";
    publisher_process p(*this);
    EXPECT_EQ(p.tables.current()->routes[0].app, "second");
    EXPECT_TRUE(applied(p.tables, 2));
    EXPECT_EQ(p.tables.publish(one_route("third")), 3u);
    EXPECT_TRUE(applied(p.tables, 3));
    EXPECT_EQ(f.got.back()->routes[0].app, "third");
}

TEST_F(table_feed, forgets_a_subscriber_that_died_and_gives_the_next_one_the_newest_table) {
    publisher_process p(*this);
    {
        follower_process f(*this, feed_options());
        f.run();
        ASSERT_TRUE(applied(p.tables, p.tables.publish(one_route("first"))));
    }
    ASSERT_TRUE(run_until(io, [&] { return p.tables.subscribers().empty(); }));
    const auto version = p.tables.publish(one_route("second"));
    EXPECT_FALSE(applied(p.tables, version, 20ms));
    follower_process f(*this, feed_options());
    ASSERT_TRUE(f.follower.load());
    EXPECT_EQ(f.got.back()->routes[0].app, "first") << "its own file is what it starts with";
    f.run();
    EXPECT_TRUE(applied(p.tables, version));
    EXPECT_EQ(f.got.back()->routes[0].app, "second");
}

TEST_F(table_feed, tells_the_publisher_of_a_refused_table_and_keeps_the_one_before) {
    publisher_process p(*this);
    follower_process f(*this, feed_options());
    f.run();
    ASSERT_TRUE(applied(p.tables, p.tables.publish(one_route("first"))));
    const auto start = std::chrono::steady_clock::now();
    EXPECT_FALSE(applied(p.tables, p.tables.publish(one_route("refuse-me"))));
    EXPECT_LT(std::chrono::steady_clock::now() - start, 4s) << "a refusal is known at once";
    EXPECT_EQ(p.tables.subscribers()[0].refused, 2u);
    EXPECT_EQ(p.tables.subscribers()[0].reason, "not this one");
    EXPECT_EQ(f.follower.applied(), 1u);
    EXPECT_TRUE(applied(p.tables, p.tables.publish(one_route("third"))));
}

TEST_F(table_feed, is_for_its_own_user_only) {
    publisher_process p(*this);
    const auto version = p.tables.publish(one_route("secret"));
    ASSERT_TRUE(run_task(io, p.tables.written(version, deadline::after(5s))));
    for (const auto* name : {"feed", "tables.json"}) {
        struct stat st {};
        ASSERT_EQ(::stat((dir / name).c_str(), &st), 0);
        EXPECT_EQ(st.st_mode & 0777, 0600u) << name;
    }
}

TEST_F(table_feed, sends_only_the_newest_to_a_subscriber_that_was_slow) {
    publisher_process p(*this);
    follower_process f(*this, feed_options());
    f.run();
    ASSERT_TRUE(run_until(io, [&] { return p.tables.subscribers().size() == 1; }));
    std::uint64_t last = 0;
    for (int i = 0; i < 1000; ++i)
        last = p.tables.publish(one_route("hello"));
    ASSERT_TRUE(applied(p.tables, last));
    EXPECT_LT(f.got.size(), 10u);
}

TEST_F(table_feed, hangs_up_on_subscribers_that_talk_nonsense_or_nothing) {
    publisher_process p(*this);
    p.tables.publish(one_route("hello"));
    const std::vector<std::string> nonsense{"GET / HTTP/1.1\r\n",
                                            "\n",
                                            "[]\n",
                                            "{}\n",
                                            "{\"subscriber\":7}\n",
                                            "{\"subscriber\":\"router\",\"applied\":99}\n",
                                            "{\"subscriber\":\"router\",\"refused\":99}\n",
                                            std::string(100'000, 'x'),
                                            std::string(5000, '[') + "\n",
                                            ""};
    for (const auto& text : nonsense) {
        stream::socket s(io);
        ASSERT_TRUE(run_until(io, [&, ec = boost::system::error_code()]() mutable {
            s.close();
            s.connect(stream::endpoint((dir / "feed").string()), ec);
            return !ec;
        }));
        boost::system::error_code sent;
        asio::write(s, asio::buffer(text), sent);
        s.non_blocking(true);
        EXPECT_TRUE(run_until(io, [&] {
            char buffer[4096];
            boost::system::error_code ec;
            while (!ec)
                s.read_some(asio::buffer(buffer), ec);
            return ec != asio::error::would_block;
        })) << text.substr(0, 60);
    }
    EXPECT_TRUE(p.tables.subscribers().empty());
}

TEST_F(table_feed, survives_garbage_from_the_publisher) {
    stream::acceptor garbage(io, stream::endpoint((dir / "feed").string()));
    follower_process f(*this, feed_options());
    f.run();
    const auto accept = [&] {
        stream::socket s(io);
        run_task(io, [](auto& from, auto& to) -> task<> {
            co_await from.async_accept(to, asio::use_awaitable);
        }(garbage, s));
        return s;
    };
    auto first = accept();
    asio::write(first, asio::buffer(std::string("\xff\xff\xff\xff\0\0\0\0\0\0\0\1nothing like a table", 32)));
    auto second = accept();  // it came again
    asio::write(second, asio::buffer(std::string("\0\0\0\2\0\0\0\0\0\0\0\5[]", 14)));
    std::string answers;
    second.non_blocking(true);
    EXPECT_TRUE(run_until(io, [&] {
        char buffer[4096];
        boost::system::error_code ec;
        answers.append(buffer, second.read_some(asio::buffer(buffer), ec));
        return answers.find("\"refused\":5") != std::string::npos;
    }));
    const auto good = to_json(one_route("good"));
    std::string head("\0\0\0\0\0\0\0\0\0\0\0\6", 12);
    head[3] = static_cast<char>(good.size());
    asio::write(second, asio::buffer(head + good));
    EXPECT_TRUE(run_until(io, [&] { return !f.got.empty(); }));
    EXPECT_EQ(f.got.back()->routes[0].app, "good");
}

TEST_F(table_feed, throws_when_its_socket_cannot_be_made) {
    table_publisher p(io.get_executor(), {dir / "tables.json", dir / "no" / "feed"}, log);
    EXPECT_THROW(run_task(io, p.run()), std::exception);
}

TEST_F(table_feed, ignores_a_broken_file_of_its_own) {
    put("{");
    publisher_process p(*this);
    EXPECT_EQ(p.tables.current(), nullptr);
    EXPECT_EQ(p.tables.publish(one_route("hello")), 1u);
}

TEST_F(table_feed, follows_a_file_that_is_replaced_written_or_comes_late) {
    follower_process f(*this, {dir / "tables.json", {}, "router"});
    ASSERT_TRUE(f.follower.load());
    f.run();
    put(to_json(one_route("first")));
    ASSERT_TRUE(run_until(io, [&] { return f.got.size() == 1; }));
    put(to_json(one_route("second")));
    ASSERT_TRUE(run_until(io, [&] { return f.got.size() == 2; }));
    std::ofstream(dir / "tables.json") << to_json(one_route("third"));
    ASSERT_TRUE(run_until(io, [&] { return f.got.back()->routes[0].app == "third"; }));
    put("{");
    put(to_json(one_route("refuse-me")));
    put(to_json(one_route("fourth")));
    ASSERT_TRUE(run_until(io, [&] { return f.got.back()->routes[0].app == "fourth"; }));
}

TEST_F(table_feed, follows_a_file_whose_directory_goes_and_comes) {
    const auto file = dir / "sub" / "tables.json";
    follower_process f(*this, {file, {}, "router"});
    f.run();
    for (const auto* app : {"first", "second"}) {
        std::filesystem::create_directory(dir / "sub");
        ASSERT_TRUE(replace_file(file, to_json(one_route(app))));
        ASSERT_TRUE(run_until(io, [&] { return !f.got.empty() && f.got.back()->routes[0].app == app; }));
        std::filesystem::remove_all(dir / "sub");
    }
}

TEST_F(table_feed, refuses_to_start_with_a_broken_file_but_not_without_one) {
    follower_process f(*this, {dir / "tables.json", {}, "router"});
    EXPECT_TRUE(f.follower.load());
    put("{\"version\":1,\"zones\":7}");
    const auto refused = f.follower.load();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message, "table: /zones: must be an array");
}

}  // namespace
}  // namespace gasper
