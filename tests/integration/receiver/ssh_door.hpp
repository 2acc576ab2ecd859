// SSH connections with sessions that the test decides: a listening socket, host keys, one known client key.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <thread>

#include "core/base/blocking.hpp"
#include "receiver/ssh/connection.hpp"
#include "receiver/ssh/host_side.hpp"
#include "tests/integration/receiver/shell.hpp"

namespace gasper::receiver {

class ssh_door {
 public:
    using session = std::function<task<int>(channel&, session_request)>;

    using dialler = std::function<task<result<forward_socket>>(forward_request)>;

    ssh_door(const shell& s, session serve, server_options options = {}, dialler dial = {})
        : shell_(s), options_(std::move(options)), serve_(std::move(serve)), dial_(std::move(dial)) {
        shell_.run("ssh-keygen -q -t ed25519 -N '' -f key; ssh-keygen -q -t ed25519 -N '' -f stranger");
        fingerprint_ = shell_.run("ssh-keygen -lf key.pub | cut -d' ' -f2").output;
        fingerprint_.pop_back();
        host_ = std::move(open_host(shell_.directory() / "host").value());
        tasks_.spawn("accept", accept());
        thread_ = std::thread([this] { io_.run(); });
    }

    ~ssh_door() {
        asio::post(io_, [this] {
            acceptor_.close();
            for (auto* each : connections_)
                each->close("test ends");
        });
        thread_.join();
    }

    /// The words of an ssh client's command line up to the host, for `user`.
    std::string ssh(const std::string& user, const std::string& more = "", const std::string& key = "key") const {
        return "ssh -F none -p " + std::to_string(acceptor_.local_endpoint().port()) + " -i " +
               (shell_.directory() / key).string() +
               " -o IdentitiesOnly=yes -o IdentityAgent=none -o StrictHostKeyChecking=no -o "
               "UserKnownHostsFile=/dev/null"
               " -o LogLevel=ERROR -o BatchMode=yes " +
               more + " " + user + "@127.0.0.1 ";
    }
    /// Exports what makes git use that client.
    std::string for_git() const {
        const auto words = ssh("git");
        return "export GIT_SSH_VARIANT=ssh GIT_SSH_COMMAND=\"" + words.substr(0, words.rfind("git@")) +
               "\"\nurl=ssh://git@127.0.0.1\n";
    }
    std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
    blocking_pool& files() { return files_; }

 private:
    task<> accept() {
        for (;;) {
            boost::system::error_code ec;
            auto socket = co_await acceptor_.async_accept(asio::redirect_error(asio::use_awaitable, ec));
            if (ec) co_return;
            tasks_.spawn("connection", converse(std::move(socket)));
        }
    }

    task<> converse(asio::ip::tcp::socket socket) {
        connection_services services;
        services.authenticate = [this](std::string, std::string key) { return find(std::move(key)); };
        services.serve = serve_;
        services.dial = dial_;
        services.known = [] {};
        connection one(io_.get_executor(), options_, services, log_, "test");
        connections_.push_back(&one);
        co_await one.run(host_.bind.get(), std::move(socket));
        std::erase(connections_, &one);
    }

    task<result<control::identity>> find(std::string key) {
        // As control does it: not at once.
        co_await asio::post(io_, asio::use_awaitable);
        if (key != fingerprint_) co_return fail(errc::unauthenticated, "unknown_key", "nobody's key");
        co_return control::identity{{1}, "ann", true};
    }

    const shell& shell_;
    server_options options_;
    session serve_;
    dialler dial_;
    std::string fingerprint_;
    logger log_{"test", log_level::error};
    asio::io_context io_{1};
    asio::ip::tcp::acceptor acceptor_{io_, {asio::ip::make_address("127.0.0.1"), 0}};
    blocking_pool files_{"files", 1};
    host_side host_;
    std::vector<connection*> connections_;
    task_scope tasks_{io_.get_executor(), {}};
    std::thread thread_;
};

}  // namespace gasper::receiver
