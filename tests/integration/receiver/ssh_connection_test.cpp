// The real ssh and git against our SSH server, without a control plane: sessions answer by themselves.
#include <gtest/gtest.h>

#include <atomic>
#include <future>

#include "receiver/git/git_command.hpp"
#include "receiver/git/receive_pack.hpp"
#include "receiver/git/upload_pack.hpp"
#include "tests/integration/receiver/ssh_door.hpp"

namespace gasper::receiver {
namespace {

task<int> echo(channel& client, session_request) {
    for (;;) {
        auto bytes = co_await client.read();
        if (bytes.empty()) co_return 7;
        co_await client.write(std::move(bytes));
    }
}

task<int> describe(channel& client, session_request request) {
    const auto size = request.terminal.value_or(terminal_size{0, 0});
    co_await client.write("user=" + request.user + " command=" + request.command.value_or("none") +
                          " size=" + std::to_string(size.columns) + "x" + std::to_string(size.rows) + "\n");
    co_await client.write_error("who=" + request.who.name + "\n");
    co_return 3;
}

task<result<>> deploy(ref_command what, line_sink say) {
    say("-----> Python app detected");
    if (what.ref != "refs/heads/main") co_return result<>{};
    co_return fail(errc::failed, "build_failed", "build failed");
}

class ssh_connection_test : public testing::Test {
 protected:
    ran run(const std::string& script) { return shell_.run(script); }

    shell shell_;
};

TEST_F(ssh_connection_test, hands_command_streams_and_status_through) {
    ssh_door door(shell_, describe);
    const auto done = run(door.ssh("hello") + "some 'quoted command'; echo status=$?");
    EXPECT_TRUE(done.says("user=hello command=some quoted command size=0x0")) << done.output;
    EXPECT_TRUE(done.says("who=ann")) << done.output;
    const auto status = run("set +e; " + door.ssh("hello") + "x; echo status=$?");
    EXPECT_TRUE(status.says("status=3")) << status.output;
}

TEST_F(ssh_connection_test, refuses_an_unknown_key_and_other_methods) {
    ssh_door door(shell_, describe);
    const auto stranger = run(door.ssh("hello", "", "stranger") + "x");
    EXPECT_EQ(stranger.status, 255);
    EXPECT_TRUE(stranger.says("Permission denied (publickey)")) << stranger.output;
    const auto password = run(door.ssh("hello", "-o PreferredAuthentications=password,none") + "x");
    EXPECT_EQ(password.status, 255);
    EXPECT_FALSE(password.says("who=")) << password.output;
}

TEST_F(ssh_connection_test, takes_the_second_key_that_a_client_offers) {
    ssh_door door(shell_, describe);
    const auto done = run(door.ssh("hello", "-i stranger", "key") + "x || true");
    EXPECT_TRUE(done.says("who=ann")) << done.output;
}

// A request that comes just after the one before was answered: it was read, and left unanswered until the next byte.
TEST_F(ssh_connection_test, answers_every_request_of_a_client_that_is_quick) {
    ssh_door door(shell_, describe);
    session_ptr client(ssh_new());
    const unsigned port = door.port();
    const long patience = 10;
    ssh_options_set(client.get(), SSH_OPTIONS_HOST, "127.0.0.1");
    ssh_options_set(client.get(), SSH_OPTIONS_PORT, &port);
    ssh_options_set(client.get(), SSH_OPTIONS_USER, "hello");
    ssh_options_set(client.get(), SSH_OPTIONS_TIMEOUT, &patience);
    ASSERT_EQ(ssh_connect(client.get()), SSH_OK) << ssh_get_error(client.get());
    for (int i = 0; i < 3000; ++i)
        ASSERT_EQ(ssh_userauth_none(client.get(), nullptr), SSH_AUTH_DENIED)
            << i << ": " << ssh_get_error(client.get());
    ssh_disconnect(client.get());
}

/// Reads only once the client has sent everything: until then no one on the connection's thread takes anything.
struct late_reader {
    std::promise<void> waits, sent;
    task<int> serve(channel& client, std::string command) {
        if (command == "hold") {
            co_await client.remote_close();
            co_return 0;
        }
        const auto begin = co_await client.read();
        waits.set_value();
        sent.get_future().wait_for(std::chrono::seconds(20));
        auto bytes = co_await client.read();
        co_await client.write(begin + std::move(bytes));
        co_return 0;
    }
};

// What came just after a session had looked for it was taken from the socket for it, and left until the next byte.
TEST_F(ssh_connection_test, reads_what_comes_while_it_looks_for_it) {
    late_reader reader;
    ssh_door door(shell_, [&](channel& c, session_request r) { return reader.serve(c, r.command.value_or("")); });
    session_ptr client(ssh_new());
    const unsigned port = door.port();
    ssh_options_set(client.get(), SSH_OPTIONS_HOST, "127.0.0.1");
    ssh_options_set(client.get(), SSH_OPTIONS_PORT, &port);
    ssh_options_set(client.get(), SSH_OPTIONS_USER, "hello");
    ASSERT_EQ(ssh_connect(client.get()), SSH_OK) << ssh_get_error(client.get());
    ::ssh_key key = nullptr;
    const auto file = (shell_.directory() / "key").string();
    ASSERT_EQ(ssh_pki_import_privkey_file(file.c_str(), nullptr, nullptr, nullptr, &key), SSH_OK);
    const key_ptr held(key);
    ASSERT_EQ(ssh_userauth_publickey(client.get(), nullptr, key), SSH_AUTH_SUCCESS) << ssh_get_error(client.get());
    const auto open = [&](const char* command) {
        ssh_channel made = ssh_channel_new(client.get());
        EXPECT_EQ(ssh_channel_open_session(made), SSH_OK) << ssh_get_error(client.get());
        EXPECT_EQ(ssh_channel_request_exec(made, command), SSH_OK) << ssh_get_error(client.get());
        return made;
    };
    const auto first = open("hold"), second = open("read");
    ASSERT_EQ(ssh_channel_write(second, "a", 1), 1);
    ASSERT_EQ(ssh_blocking_flush(client.get(), 10'000), SSH_OK);
    ASSERT_EQ(reader.waits.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
    // More than libssh takes at a time, for another session, and behind it the one byte for this one.
    const std::string other(20'000, 'x');
    EXPECT_EQ(ssh_channel_write(first, other.data(), 20'000), 20'000);
    EXPECT_EQ(ssh_channel_write(second, "b", 1), 1);
    EXPECT_EQ(ssh_blocking_flush(client.get(), 10'000), SSH_OK);
    reader.sent.set_value();
    char answer[2] = {};
    EXPECT_EQ(ssh_channel_read_timeout(second, answer, 2, 0, 10'000), 2) << "it waits for a byte that has come";
    EXPECT_EQ(std::string(answer, 2), "ab");
    ssh_disconnect(client.get());
}

TEST_F(ssh_connection_test, ends_a_client_after_too_many_keys) {
    server_options options;
    options.max_auth_tries = 2;
    ssh_door door(shell_, describe, options);
    const auto done = run("for i in 1 2 3; do ssh-keygen -q -t ed25519 -N '' -f k$i; done\n" +
                          door.ssh("hello", "-i k1 -i k2 -i k3", "stranger") + "x");
    EXPECT_EQ(done.status, 255);
    EXPECT_FALSE(done.says("who=")) << done.output;
}

TEST_F(ssh_connection_test, carries_megabytes_both_ways_unchanged) {
    ssh_door door(shell_, echo);
    const auto done = run("head -c 30000000 /dev/urandom > in; set +e; " + door.ssh("x") +
                          "cat < in > out; echo status=$?; cmp in out && echo same");
    EXPECT_TRUE(done.says("status=7")) << done.output;
    EXPECT_TRUE(done.says("same")) << done.output;
}

TEST_F(ssh_connection_test, goes_on_while_keys_are_exchanged_anew) {
    ssh_door door(shell_, echo);
    const auto done = run("head -c 20000000 /dev/urandom > in; set +e; " + door.ssh("x", "-o RekeyLimit=1M") +
                          "cat < in > out; cmp in out && echo same");
    EXPECT_TRUE(done.says("same")) << done.output;
}

TEST_F(ssh_connection_test, gives_the_size_of_the_terminal) {
    ssh_door door(shell_, describe);
    const auto done =
        run("script -qec 'stty cols 91 rows 33; " + door.ssh("x", "-tt") + "' /dev/null < /dev/null || true");
    EXPECT_TRUE(done.says("command=none size=91x33")) << done.output;
}

TEST_F(ssh_connection_test, serves_many_sessions_over_one_connection_and_bounds_them) {
    server_options options;
    options.max_sessions = 3;
    ssh_door door(shell_, echo, options);
    const auto master =
        door.ssh("x", "-o ControlMaster=auto -o ControlPath=" + (shell_.directory() / "socket").string() +
                          " -o ControlPersist=20");
    const auto done =
        run("set +e; for i in $(seq 30); do echo $i | " + master + "cat; done | wc -l; " + master + " -O exit");
    EXPECT_TRUE(done.says("30\n")) << done.output;
}

TEST_F(ssh_connection_test, refuses_forwarding_and_subsystems) {
    ssh_door door(shell_, echo);
    const auto subsystem = run("set +e; " + door.ssh("x", "-s") + "sftp < /dev/null; echo status=$?");
    EXPECT_FALSE(subsystem.says("status=0")) << subsystem.output;
    const auto forward = run("set +e; timeout 10 " + door.ssh("x", "-W 127.0.0.1:" + std::to_string(door.port())) +
                             "< /dev/null; echo status=$?");
    EXPECT_FALSE(forward.says("status=0")) << forward.output;
    EXPECT_FALSE(forward.says("SSH-2.0")) << forward.output;
}

TEST_F(ssh_connection_test, survives_clients_that_speak_no_ssh) {
    ssh_door door(shell_, describe);
    const auto port = std::to_string(door.port());
    run("for i in 1 2 3; do exec 3<>/dev/tcp/127.0.0.1/" + port +
        "; echo 'GET / HTTP/1.0' >&3; head -c 100000 /dev/urandom >&3; exec 3>&-; done");
    const auto done = run(door.ssh("hello") + "x || true");
    EXPECT_TRUE(done.says("who=ann")) << done.output;
}

TEST_F(ssh_connection_test, hangs_up_on_a_client_that_never_logs_in) {
    server_options options;
    options.login_time = std::chrono::seconds(1);
    ssh_door door(shell_, describe, options);
    const auto done = run("exec 3<>/dev/tcp/127.0.0.1/" + std::to_string(door.port()) +
                          "; timeout 20 cat <&3 > /dev/null; echo ended=$?");
    EXPECT_TRUE(done.says("ended=0")) << done.output;
}

class ssh_git_test : public ssh_connection_test {
 protected:
    ssh_git_test() {
        run("git init -q --bare hello.git; git init -q work; cd work; git symbolic-ref HEAD refs/heads/main; echo a > "
            "a; git add .; git commit -qm a");
    }

    task<int> serve(channel& client, session_request request) {
        auto parsed = parse_git_command(request.command.value_or(""));
        if (!parsed) {
            co_await client.write_error("fatal: " + parsed.error().message + "\n");
            co_return 128;
        }
        const auto repository = shell_.directory() / (parsed->app + ".git");
        if (parsed->what == git_command::service::upload_pack) {
            const auto until = deadline::after(std::chrono::seconds(30));
            co_return co_await run_upload_pack(client, repository, request.git_protocol, until);
        }
        deploy_branch hook;
        if (deploys_) hook = deploy;
        receive_pack service(client, repository, {}, files_, hook);
        co_return co_await service.run();
    }

    ssh_door::session session() {
        return [this](channel& c, session_request r) { return serve(c, std::move(r)); };
    }

    blocking_pool files_{"files", 1};
    bool deploys_{false};
};

TEST_F(ssh_git_test, takes_a_push_and_gives_it_back_as_a_clone) {
    ssh_door door(shell_, session());
    const auto push = run(door.for_git() + "git -C work push $url:" + std::to_string(door.port()) + "/hello.git main");
    EXPECT_EQ(push.status, 0) << push.output;
    for (const char* version : {"0", "2"}) {
        const auto clone = run(door.for_git() + "rm -rf again; git -c protocol.version=" + version +
                               " clone -q $url:" + std::to_string(door.port()) + "/hello.git again; cat again/a");
        EXPECT_EQ(clone.output, "a\n");
    }
}

TEST_F(ssh_git_test, shows_the_build_and_rejects_the_ref_when_it_fails) {
    deploys_ = true;
    ssh_door door(shell_, session());
    const auto push = run(door.for_git() + "git -C work push $url:" + std::to_string(door.port()) +
                          "/hello.git main feature 2>&1 || git -C work push $url:" + std::to_string(door.port()) +
                          "/hello.git main main:feature");
    EXPECT_NE(push.status, 0);
    EXPECT_TRUE(push.says("remote: -----> Python app detected")) << push.output;
    EXPECT_TRUE(push.says("! [remote rejected] main -> main (build failed)")) << push.output;
    EXPECT_TRUE(push.says("remote: Pushed to non-main branch, skipping build.")) << push.output;
    EXPECT_EQ(run("git -C hello.git for-each-ref --format='%(refname)'").output, "refs/heads/feature\n");
}

TEST_F(ssh_git_test, takes_a_large_push) {
    ssh_door door(shell_, session());
    const auto push = run(door.for_git() +
                          "head -c 40000000 /dev/urandom > work/large; git -C work add .; git -C work commit -qm "
                          "large; git -C work push $url:" +
                          std::to_string(door.port()) + "/hello.git main; git -C hello.git fsck --full");
    EXPECT_EQ(push.status, 0) << push.output;
}

TEST_F(ssh_git_test, refuses_other_commands_and_paths) {
    ssh_door door(shell_, session());
    const auto path =
        run(door.for_git() + "git -C work push $url:" + std::to_string(door.port()) + "/../hello.git main");
    EXPECT_TRUE(path.says("must end in /NAME.git")) << path.output;
    const auto other = run("set +e; " + door.ssh("git") + "rm -rf /; echo status=$?");
    EXPECT_TRUE(other.says("only pushes, fetches and clones")) << other.output;
    EXPECT_TRUE(other.says("status=128")) << other.output;
}

}  // namespace
}  // namespace gasper::receiver
