// The router as a process of its own: run() in a child.
#include "router/run.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "core/tables/table.hpp"
#include "tests/support/scripted_upstream.hpp"

namespace gasper::test {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;

class run_test : public ::testing::Test {
 protected:
    void SetUp() override {
#ifdef __SANITIZE_THREAD__
        GTEST_SKIP() << "a child of a process with threads may not start threads under the thread sanitizer";
#endif
        std::string pattern = std::filesystem::temp_directory_path() / "router-run-XXXXXX";
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        directory_ = pattern;
        options_.http_address = "127.0.0.1:" + std::to_string(free_port());
        options_.table_file = directory_ / "router.json";
    }
    void TearDown() override {
        for (const int pid : running_) {
            ::kill(pid, SIGKILL);
            ::waitpid(pid, nullptr, 0);
        }
        std::filesystem::remove_all(directory_);
    }

    static std::uint16_t free_port() {
        scripted_upstream unused([](tcp_peer&) {});
        return unused.port();
    }
    std::uint16_t port() const {
        return static_cast<std::uint16_t>(
            std::stoi(options_.http_address.substr(options_.http_address.rfind(':') + 1)));
    }
    /// Replaces the table file, as publishers do.
    void write_table(std::uint64_t version, std::uint16_t instance) {
        table t;
        t.version = version;
        t.routes = {{"app", {"app.localhost"}, {{"web.1", "127.0.0.1", instance}}, false}};
        std::ofstream(directory_ / "next") << to_json(t);
        std::filesystem::rename(directory_ / "next", options_.table_file);
    }
    /// Its outputs go to files named after `name`.
    int start(const std::string& name) {
        const int pid = ::fork();
        if (pid == 0) {
            ::dup2(::creat((directory_ / (name + ".out")).c_str(), 0600), STDOUT_FILENO);
            ::dup2(::creat((directory_ / (name + ".err")).c_str(), 0600), STDERR_FILENO);
            ::_exit(router::run(options_));
        }
        running_.push_back(pid);
        return pid;
    }
    std::string text_of(const std::string& name) {
        std::ifstream file(directory_ / name);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    int exit_status(int pid) {
        int status = -1;
        ::waitpid(pid, &status, 0);
        std::erase(running_, pid);
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    std::string get() {
        try {
            auto c = tcp_peer::connect(port());
            c.send("GET /a?b=c HTTP/1.1\r\nHost: app.localhost\r\nConnection: close\r\n\r\n");
            return c.read_to_end();
        } catch (const std::exception& e) {
            return e.what();
        }
    }
    template <class F>
    bool eventually(F holds) {
        const auto until = std::chrono::steady_clock::now() + tcp_peer::patience;
        while (!holds())
            if (std::chrono::steady_clock::now() > until) return false;
        return true;
    }

    router::options options_;
    std::filesystem::path directory_;
    std::vector<int> running_;
};

TEST_F(run_test, serves_its_last_table_logs_each_request_and_ends_orderly) {
    scripted_upstream app(always_ok("hello"));
    write_table(1, app.port());
    const int pid = start("one");
    ASSERT_TRUE(eventually([&] { return get().ends_with("hello"); }));
    ::kill(pid, SIGTERM);
    EXPECT_EQ(exit_status(pid), 0);
    EXPECT_THAT(text_of("one.out"),
                AllOf(HasSubstr("at=info method=GET path=\"/a?b=c\" host=app.localhost request_id="),
                      HasSubstr(" fwd=\"127.0.0.1\" instance=web.1 connect="), HasSubstr(" status=200 bytes=")));
}

TEST_F(run_test, follows_the_file_when_it_is_replaced) {
    scripted_upstream one(always_ok("one"));
    scripted_upstream two(always_ok("two"));
    write_table(1, one.port());
    start("router");
    ASSERT_TRUE(eventually([&] { return get().ends_with("one"); }));
    write_table(2, two.port());
    EXPECT_TRUE(eventually([&] { return get().ends_with("two"); }));
}

TEST_F(run_test, hands_over_to_a_new_router_without_a_failed_request) {
    scripted_upstream app(always_ok("hello"));
    write_table(1, app.port());
    int running = start("first");
    ASSERT_TRUE(eventually([&] { return get().ends_with("hello"); }));
    std::atomic<bool> done{false};
    std::atomic<int> good{0};
    std::string failed;
    std::thread load([&] {
        while (!done && failed.empty()) {
            const auto answer = get();
            if (answer.ends_with("hello"))
                ++good;
            else
                failed = answer.empty() ? "no answer" : answer;
        }
    });
    for (int i = 0; i < 5; ++i) {
        const auto name = "next" + std::to_string(i);
        const int next = start(name);
        EXPECT_TRUE(eventually([&] { return text_of(name + ".err").find("listening") != std::string::npos; }));
        ::kill(running, SIGTERM);
        EXPECT_EQ(exit_status(running), 0);
        running = next;
    }
    done = true;
    load.join();
    EXPECT_EQ(failed, "");
    EXPECT_GT(good, 50);
}

TEST_F(run_test, says_what_is_wrong_when_it_cannot_start) {
    write_table(1, 1);
    options_.http_address = "256.0.0.1:80";
    EXPECT_EQ(exit_status(start("address")), 1);
    EXPECT_THAT(text_of("address.err"), HasSubstr("256.0.0.1:80"));
    options_.http_address = "127.0.0.1:0";
    std::ofstream(options_.table_file) << "{\"version\": -1}";
    EXPECT_EQ(exit_status(start("table")), 1);
    EXPECT_THAT(text_of("table.err"), HasSubstr("version"));
}

}  // namespace
}  // namespace gasper::test
