// The `dns` role as a process of its own, asked by dig and by hostile clients over loopback.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <functional>

#include "core/base/files.hpp"
#include "core/base/handle.hpp"
#include "core/tables/table.hpp"
#include "dns/run.hpp"
#include "tests/support/dns_message.hpp"
#include "tests/support/temporary_directory.hpp"

namespace gasper::dns {
namespace {

using namespace std::chrono_literals;
using test::bytes;
using ::testing::HasSubstr;
using ::testing::Not;
using clock = std::chrono::steady_clock;

bool eventually(const std::function<bool()>& condition) {
    const auto until = clock::now() + 10s;
    while (!condition())
        if (clock::now() > until) return false;
    return true;
}

sockaddr_in loopback(int port) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(static_cast<std::uint16_t>(port));
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return at;
}

unique_fd connected(int type, int port) {
    unique_fd s(::socket(AF_INET, type | SOCK_CLOEXEC, 0));
    const auto at = loopback(port);
    if (::connect(s.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0) s.reset();
    return s;
}

bytes receive(int fd, std::size_t most, std::chrono::milliseconds within = 5000ms) {
    pollfd p{fd, POLLIN, 0};
    bytes out(most);
    const auto n = ::poll(&p, 1, static_cast<int>(within.count())) == 1 ? ::recv(fd, out.data(), most, 0) : -1;
    out.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return out;
}

bytes framed(const bytes& message) {
    bytes out;
    test::put16(out, static_cast<int>(message.size()));
    out.insert(out.end(), message.begin(), message.end());
    return out;
}

class dig : public ::testing::Test {
 protected:
    void SetUp() override {
        publish("192.0.2.3");
        port_ = free_port();
        server_ = start();
        ASSERT_TRUE(eventually([&] { return ask("web.apps.test") == "192.0.2.3\n"; }));
    }
    void TearDown() override { stop(server_); }

    void publish(const std::string& web) {
        table t;
        record_set many{"many", "A", 60, {}};
        for (int i = 0; i < 200; ++i)
            many.data.push_back("192.0.2." + std::to_string(i));
        t.zones = {{"apps.test",
                    {{"web", "A", 60, {web}},
                     {"web", "AAAA", 60, {"2001:db8::3"}},
                     {"*.wild", "A", 60, {"192.0.2.4"}},
                     {"alias", "CNAME", 60, {"web"}},
                     many}}};
        ASSERT_TRUE(replace_file(dir_ / "tables.json", to_json(t)));
    }

    static int free_port() {
        unique_fd s(::socket(AF_INET, SOCK_STREAM, 0));
        auto at = loopback(0);
        socklen_t size = sizeof at;
        ::bind(s.get(), reinterpret_cast<sockaddr*>(&at), size);
        ::getsockname(s.get(), reinterpret_cast<sockaddr*>(&at), &size);
        return ntohs(at.sin_port);
    }

    pid_t start() {
        const auto port = static_cast<std::uint16_t>(port_);
        const options chosen{{{"127.0.0.1", port}, {"::1", port}}, dir_ / "tables.json", {}, log_level::error};
        const pid_t pid = ::fork();
        if (pid == 0) ::_exit(run(chosen));
        return pid;
    }

    static int stop(pid_t& pid) {
        if (pid <= 0) return -1;
        ::kill(pid, SIGTERM);
        int status = 0;
        const auto ended = [&] { return ::waitpid(pid, &status, WNOHANG) == pid; };
        if (!eventually(ended)) {
            ADD_FAILURE() << "it does not stop";
            ::kill(pid, SIGKILL);
            ::waitpid(pid, &status, 0);
        }
        pid = -1;
        return status;
    }

    std::string ask(const std::string& words, const std::string& options = "+short") {
        const auto server = words.starts_with("@") ? "" : "@127.0.0.1 ";
        const auto command = "dig +time=2 +tries=1 -p " + std::to_string(port_) + " " + server + words + " " + options;
        std::string out;
        std::array<char, 4096> buffer;
        FILE* pipe = ::popen(command.c_str(), "r");
        for (std::size_t n; (n = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;)
            out.append(buffer.data(), n);
        ::pclose(pipe);
        return out;
    }

    bool still_answers() {
        return ask("web.apps.test") == "192.0.2.3\n" && ask("web.apps.test", "+short +tcp") == "192.0.2.3\n";
    }

    test::temporary_directory dir_;
    int port_{0};
    pid_t server_{-1};
};

TEST_F(dig, resolves_over_udp_and_tcp_v4_and_v6) {
    for (const auto* server : {"@127.0.0.1", "@::1"})
        for (const auto* how : {"+short", "+short +tcp", "+short +noedns", "+short +bufsize=4096 +dnssec"}) {
            EXPECT_EQ(ask(std::string(server) + " web.apps.test A", how), "192.0.2.3\n") << server << how;
            EXPECT_EQ(ask(std::string(server) + " web.apps.test AAAA", how), "2001:db8::3\n") << server << how;
        }
    EXPECT_EQ(ask("alias.apps.test"), "web.apps.test.\n192.0.2.3\n");
    EXPECT_EQ(ask("anything.wild.apps.test"), "192.0.2.4\n");
    EXPECT_EQ(ask("apps.test NS"), "ns1.apps.test.\n");
    EXPECT_THAT(ask("apps.test SOA"), HasSubstr("ns1.apps.test. hostmaster.apps.test."));
}

TEST_F(dig, tells_the_kinds_of_no_apart) {
    const auto missing = ask("nothing.apps.test", "");
    EXPECT_THAT(missing, HasSubstr("status: NXDOMAIN"));
    EXPECT_THAT(missing, HasSubstr("flags: qr aa rd;"));
    EXPECT_THAT(missing, HasSubstr("AUTHORITY: 1"));
    const auto nodata = ask("web.apps.test MX", "");
    EXPECT_THAT(nodata, HasSubstr("status: NOERROR"));
    EXPECT_THAT(nodata, HasSubstr("ANSWER: 0, AUTHORITY: 1"));
    EXPECT_THAT(ask("example.org", ""), HasSubstr("status: REFUSED"));
    EXPECT_THAT(ask("web.apps.test", "+edns=1 +noednsnegotiation"), HasSubstr("status: BADVERS"));
    EXPECT_THAT(ask("web.apps.test", "+opcode=notify"), HasSubstr("status: NOTIMP"));
    EXPECT_THAT(ask("apps.test AXFR", "+noall +answer"), Not(HasSubstr("192.0.2.3")));
    EXPECT_THAT(missing, Not(HasSubstr("WARNING: recursion requested but not available\n;; malformed")));
}

TEST_F(dig, retries_over_tcp_what_was_truncated) {
    EXPECT_THAT(ask("many.apps.test", "+ignore"), HasSubstr("flags: qr aa tc rd;"));
    const auto whole = ask("many.apps.test", "");
    EXPECT_THAT(whole, HasSubstr("ANSWER: 200"));
    EXPECT_THAT(whole, HasSubstr("(TCP)"));
}

TEST_F(dig, takes_a_replaced_table) {
    publish("192.0.2.99");
    EXPECT_TRUE(eventually([&] { return ask("web.apps.test") == "192.0.2.99\n"; }));
    ASSERT_TRUE(replace_file(dir_ / "tables.json", "{"));
    ASSERT_TRUE(
        replace_file(dir_ / "tables.json",
                     R"({"version":9,"zones":[{"name":"a","records":[{"name":"b","type":"A","data":["x"]}]}]})"));
    publish("192.0.2.98");
    EXPECT_TRUE(eventually([&] { return ask("web.apps.test") == "192.0.2.98\n"; }));
}

TEST_F(dig, stops_at_sigterm_with_status_0_and_at_once) {
    const auto open = connected(SOCK_STREAM, port_);
    const auto start = clock::now();
    EXPECT_EQ(stop(server_), 0);
    EXPECT_LT(clock::now() - start, 1s);
}

TEST_F(dig, hands_over_to_a_second_process_on_the_same_address) {
    auto second = start();
    EXPECT_EQ(stop(server_), 0);
    EXPECT_TRUE(eventually([&] { return still_answers(); }));
    EXPECT_EQ(stop(second), 0);
}

TEST_F(dig, does_not_start_with_a_broken_table_or_a_foreign_address) {
    int status = 0;
    const auto exits_with_1 = [&](const options& chosen) {
        const pid_t pid = ::fork();
        if (pid == 0) ::_exit(run(chosen));
        return ::waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 1;
    };
    ASSERT_TRUE(replace_file(dir_ / "broken.json", "{"));
    const auto port = static_cast<std::uint16_t>(free_port());
    EXPECT_TRUE(exits_with_1({{{"127.0.0.1", port}}, dir_ / "broken.json", {}, log_level::error}));
    EXPECT_TRUE(exits_with_1({{{"192.0.2.1", port}}, dir_ / "tables.json", {}, log_level::error}));
    EXPECT_TRUE(exits_with_1({{{"nonsense", port}}, dir_ / "tables.json", {}, log_level::error}));
}

TEST_F(dig, survives_hostile_packets) {
    const auto udp = connected(SOCK_DGRAM, port_);
    const auto good = test::encode({.name = "web.apps.test", .udp_size = 1232});
    std::vector<bytes> packets{{}, bytes(11), bytes(12), bytes(65507, 0xff), bytes(65507), bytes(4097, 0xc0)};
    for (std::size_t n = 0; n < good.size(); ++n)
        packets.emplace_back(good.begin(), good.begin() + static_cast<long>(n));
    packets.push_back({0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xc0, 12, 0, 1, 0, 1});
    packets.push_back({0, 1, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 1, 0, 1});
    for (const auto& p : packets) {
        ::send(udp.get(), p.data(), p.size(), 0);
        const auto tcp = connected(SOCK_STREAM, port_);
        const auto f = framed(p);
        ::send(tcp.get(), f.data(), f.size(), MSG_NOSIGNAL);
    }
    EXPECT_TRUE(still_answers());
}

TEST_F(dig, answers_pipelined_queries_in_order_on_one_connection) {
    const auto tcp = connected(SOCK_STREAM, port_);
    bytes all;
    for (int id = 0; id < 100; ++id)
        for (auto b : framed(test::encode({.name = "web.apps.test", .id = id})))
            all.push_back(b);
    // In two pieces, cut within a length.
    ASSERT_EQ(::send(tcp.get(), all.data(), 1, 0), 1);
    ASSERT_EQ(::send(tcp.get(), all.data() + 1, all.size() - 1, 0), static_cast<long>(all.size() - 1));
    bytes got;
    for (int id = 0; id < 100; ++id) {
        const auto whole = [&] { return got.size() >= 2 && got.size() >= 2u + (got[0] << 8 | got[1]); };
        while (!whole()) {
            const auto more = receive(tcp.get(), 65536);
            ASSERT_FALSE(more.empty());
            got.insert(got.end(), more.begin(), more.end());
        }
        const auto end = got.begin() + 2 + (got[0] << 8 | got[1]);
        EXPECT_EQ(test::decode(bytes(got.begin() + 2, end)).id, id);
        got.erase(got.begin(), end);
    }
}

TEST_F(dig, answers_while_a_thousand_slow_connections_say_nothing) {
    std::vector<unique_fd> slow;
    for (int i = 0; i < 1000; ++i) {
        slow.push_back(connected(SOCK_STREAM, port_));
        ASSERT_TRUE(slow.back()) << i;
        ASSERT_EQ(::send(slow.back().get(), "\0", 1, MSG_NOSIGNAL), 1);
    }
    EXPECT_TRUE(still_answers());
}

TEST_F(dig, answers_a_burst_of_udp_queries) {
    const auto udp = connected(SOCK_DGRAM, port_);
    std::vector<bool> seen(500);
    for (int id = 0; id < 500; ++id) {
        const auto q = test::encode({.name = "web.apps.test", .id = id});
        ASSERT_EQ(::send(udp.get(), q.data(), q.size(), 0), static_cast<long>(q.size()));
        if (id % 50 != 49) continue;
        for (int i = 0; i < 50; ++i) {
            const auto r = receive(udp.get(), 1500);
            ASSERT_FALSE(r.empty());
            seen[static_cast<std::size_t>(test::decode(r).id)] = true;
        }
    }
    EXPECT_EQ(std::count(seen.begin(), seen.end(), true), 500);
}

}  // namespace
}  // namespace gasper::dns
