// The real ssh's -W and -L against our SSH server, and scripted servers at the other end.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <atomic>
#include <future>

#include "tests/integration/receiver/ssh_door.hpp"
#include "tests/support/scripted_upstream.hpp"

namespace gasper::receiver {
namespace {

using asio::ip::tcp;
using test::scripted_upstream;
using test::tcp_peer;

task<int> echo_session(channel& client, session_request) {
    for (;;) {
        auto bytes = co_await client.read();
        if (bytes.empty()) co_return 0;
        co_await client.write(std::move(bytes));
    }
}

task<result<forward_socket>> connect_to(std::uint16_t port) {
    auto executor = co_await asio::this_coro::executor;
    auto socket = std::make_shared<tcp::socket>(executor);
    const tcp::endpoint at(asio::ip::make_address("127.0.0.1"), port);
    co_await socket->async_connect(at, asio::use_awaitable);
    co_return socket;
}

using closer = std::function<void()>;

// Gives out what closes the socket, as the end of the right to it does (sessions::dial).
task<result<forward_socket>> connect_for_a_while(std::uint16_t port, std::shared_ptr<std::promise<closer>> told) {
    auto made = co_await connect_to(port);
    auto close = [here = (*made)->get_executor(), weak = std::weak_ptr<tcp::socket>(*made)] {
        asio::post(here, [weak] {
            boost::system::error_code ignored;
            if (auto s = weak.lock()) s->close(ignored);
        });
    };
    told->set_value(std::move(close));
    co_return made;
}

task<result<forward_socket>> say_no(std::string host) {
    co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
    co_return fail(errc::forbidden, "service_not_attached", "no database '" + host + "' is attached to hello");
}

// "blue" is a database of the app "hello" on port 5432, and nothing else is.
ssh_door::dialler leads_to(const scripted_upstream& target) {
    return [port = target.port()](forward_request wanted) {
        const bool fits =
            wanted.user == "hello" && wanted.who.name == "ann" && wanted.host == "blue" && wanted.port == 5432;
        return fits ? connect_to(port) : say_no(wanted.host);
    };
}

std::size_t echo_bytes(tcp_peer& peer) {
    char data[65536];
    std::size_t all = 0;
    for (ssize_t n; (n = ::recv(peer.fd(), data, sizeof data, 0)) > 0; all += static_cast<std::size_t>(n))
        if (!peer.send({data, static_cast<std::size_t>(n)})) break;
    return all;
}

class ssh_tunnel_test : public testing::Test {
 protected:
    ran run(const std::string& script) { return shell_.run(script); }

    /// A client of which others may be a part, and the words that make one so.
    std::string shared(const ssh_door& door) const {
        return door.ssh("hello", "-o ControlMaster=auto -o ControlPath=" + (shell_.directory() / "socket").string() +
                                     " -o ControlPersist=20");
    }
    static std::string tunnel(const ssh_door& door, const std::string& to = "blue:5432") {
        return door.ssh("hello", "-W " + to);
    }

    static bool holds(const std::function<bool()>& condition) {
        const auto until = deadline::after(std::chrono::seconds(20));
        while (!condition() && !until.expired())
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        return condition();
    }

    shell shell_;
};

TEST_F(ssh_tunnel_test, carries_megabytes_both_ways_unchanged) {
    scripted_upstream database([](tcp_peer& peer) { echo_bytes(peer); });
    ssh_door door(shell_, echo_session, {}, leads_to(database));
    const auto done = run("head -c 20000000 /dev/urandom > in; set +e; " + tunnel(door) +
                          "< in > out; echo status=$?; cmp in out && echo same");
    EXPECT_TRUE(done.says("status=0")) << done.output;
    EXPECT_TRUE(done.says("same")) << done.output;
}

TEST_F(ssh_tunnel_test, hands_on_the_end_of_each_direction_by_itself) {
    scripted_upstream asks_first([](tcp_peer& peer) {
        const auto all = peer.read_to_end();
        peer.send("got " + std::to_string(all.size()));
    });
    {
        ssh_door door(shell_, echo_session, {}, leads_to(asks_first));
        const auto done = run("head -c 3000000 /dev/zero | " + tunnel(door));
        EXPECT_EQ(done.output, "got 3000000");
    }
    // A client that learns of the end ends its own direction too.
    std::atomic<bool> ended{false};
    scripted_upstream ends_first([&](tcp_peer& peer) {
        peer.send("bye");
        peer.end();
        (void)peer.read_to_end();
        ended = true;
    });
    ssh_door door(shell_, echo_session, {}, leads_to(ends_first));
    EXPECT_EQ(run(tunnel(door) + "< /dev/zero").output, "bye");
    EXPECT_TRUE(holds([&] { return ended.load(); }));
}

TEST_F(ssh_tunnel_test, refuses_other_places_with_the_reason) {
    scripted_upstream database([](tcp_peer& peer) { echo_bytes(peer); });
    ssh_door door(shell_, echo_session, {}, leads_to(database));
    for (const char* place : {"green:5432", "blue:22", "127.0.0.1:5432"}) {
        const auto done =
            run("set +e; timeout 20 " + door.ssh("hello", std::string("-v -W ") + place) + "< /dev/null; echo end=$?");
        EXPECT_FALSE(done.says("end=0") || done.says("end=124")) << done.output;
        EXPECT_TRUE(done.says("administratively prohibited")) << done.output;
        EXPECT_TRUE(done.says("is attached to hello")) << done.output;
    }
    EXPECT_EQ(database.connections(), 0);
    // The connection goes on.
    const auto master = shared(door);
    const auto after = run("set +e; echo a | " + master + "cat; " + master + "-W green:5432 < /dev/null; echo b | " +
                           master + "cat; " + master + "-O exit");
    EXPECT_TRUE(after.says("a\n") && after.says("b\n")) << after.output;
}

TEST_F(ssh_tunnel_test, one_that_takes_nothing_holds_up_nobody_else) {
    std::promise<void> release;
    auto released = release.get_future().share();
    std::atomic<std::size_t> got{0};
    scripted_upstream lazy([&](tcp_peer& peer) {
        released.wait();
        got = peer.read_to_end().size();
    });
    ssh_door door(shell_, echo_session, {}, leads_to(lazy));
    const auto master = shared(door);
    const auto others =
        run("set +e; " + master + "true < /dev/null; (head -c 40000000 /dev/zero | " + master +
            "-W blue:5432 > out 2>&1; echo over > over) > /dev/null 2>&1 & for i in $(seq 20); do echo $i | " + master +
            "cat; done | wc -l; test -e over && echo 'it took all'");
    EXPECT_TRUE(others.says("20\n")) << others.output;
    EXPECT_FALSE(others.says("it took all"));
    release.set_value();
    EXPECT_TRUE(holds([&] { return got == 40000000; })) << got;
    run("set +e; " + master + "-O exit");
}

TEST_F(ssh_tunnel_test, ends_with_a_client_that_is_cut_off_and_with_a_server_that_breaks) {
    std::atomic<bool> ended{false};
    scripted_upstream database([&](tcp_peer& peer) {
        peer.send("ready\n");
        peer.read_to_end();
        ended = true;
    });
    {
        ssh_door door(shell_, echo_session, {}, leads_to(database));
        run("mkfifo in; exec 3<>in; " + tunnel(door) +
            "< in > out & pid=$!; until grep -q ready out; do sleep 0.05; done; kill -9 $pid");
        EXPECT_TRUE(holds([&] { return ended.load(); }));
    }
    scripted_upstream broken([](tcp_peer& peer) {
        peer.read_until("x");
        peer.reset();
    });
    ssh_door door(shell_, echo_session, {}, leads_to(broken));
    const auto done =
        run("set +e; rm -f in; mkfifo in; exec 3<>in; echo x >&3; timeout 20 " + tunnel(door) + "< in; echo end=$?");
    EXPECT_FALSE(done.says("end=124")) << done.output;
}

TEST_F(ssh_tunnel_test, ends_when_the_right_to_it_ends_and_the_connection_goes_on) {
    auto told = std::make_shared<std::promise<closer>>();
    auto close = told->get_future();
    std::atomic<bool> ended{false};
    scripted_upstream database([&](tcp_peer& peer) {
        peer.read_until("x");
        close.get()();
        peer.read_to_end();
        ended = true;
    });
    ssh_door door(shell_, echo_session, {},
                  [&](forward_request) { return connect_for_a_while(database.port(), told); });
    const auto master = shared(door);
    const auto done =
        run("set +e; " + master + "true < /dev/null; mkfifo in; exec 3<>in; echo x >&3; timeout 20 " + master +
            "-W blue:5432 < in; echo end=$?; echo still | " + master + "cat; " + master + "-O exit");
    EXPECT_FALSE(done.says("end=124")) << done.output;
    EXPECT_TRUE(done.says("still\n")) << done.output;
    EXPECT_TRUE(holds([&] { return ended.load(); }));
}

TEST_F(ssh_tunnel_test, bounds_the_tunnels_of_a_connection_and_leaves_its_sessions_room) {
    scripted_upstream database([](tcp_peer& peer) {
        peer.send("ready\n");
        peer.read_to_end();
    });
    server_options options;
    options.max_forwards = 2;
    options.max_sessions = 2;
    ssh_door door(shell_, echo_session, options, leads_to(database));
    const auto master = shared(door);
    const auto hold = [&](const std::string& n) {
        return "mkfifo in" + n + "; exec {fd" + n + "}<>in" + n + "; " + master + "-W blue:5432 < in" + n + " > out" +
               n + " & pid" + n + "=$!; until grep -q ready out" + n + "; do sleep 0.05; done; ";
    };
    const auto done =
        run("set +e; " + master + "true < /dev/null; " + hold("1") + hold("2") + "timeout 20 " + master +
            "-W blue:5432 < /dev/null; echo third=$?; echo still | " + master +
            "cat; kill $pid1; wait $pid1; until timeout 20 " + master +
            "-W blue:5432 < /dev/null | grep ready; do sleep 0.1; done; kill $pid2; " + master + "-O exit");
    EXPECT_FALSE(done.says("third=0") || done.says("third=124")) << done.output;
    EXPECT_TRUE(done.says("still\n")) << done.output;
    EXPECT_TRUE(done.says("ready\n")) << done.output;
}

}  // namespace
}  // namespace gasper::receiver
