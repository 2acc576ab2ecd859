#include "receiver/server.hpp"

#include <signal.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/system/system_error.hpp>
#include <list>
#include <map>
#include <thread>

#include "control/platform.hpp"
#include "core/base/blocking.hpp"
#include "core/base/task_scope.hpp"
#include "receiver/git/quarantine.hpp"
#include "receiver/listen_address.hpp"
#include "receiver/sessions/sessions.hpp"
#include "receiver/ssh/connection.hpp"
#include "receiver/ssh/hop.hpp"
#include "receiver/ssh/host_side.hpp"

namespace gasper::receiver {

namespace fs = std::filesystem;

using asio::ip::tcp;

namespace {

// What strangers share a limit: an address, or an IPv6 network, of which one customer has a whole one.
std::string neighbourhood(const asio::ip::address& address) {
    if (address.is_v4()) return address.to_string();
    const auto v6 = address.to_v6();
    if (v6.is_v4_mapped()) return asio::ip::make_address_v4(asio::ip::v4_mapped, v6).to_string();
    auto bytes = v6.to_bytes();
    std::fill(bytes.begin() + 8, bytes.end(), 0);
    return asio::ip::address_v6(bytes).to_string();
}

error cannot(const std::string& what, const boost::system::error_code& ec) {
    return fail(errc::unavailable, "ssh_listen", what + ": " + ec.message());
}

}  // namespace

struct server::impl {
    impl(server_options o, control::platform& p, logger& l)
        : options(std::move(o)),
          platform(p),
          log(l),
          doors(options, platform, files),
          tasks(io.get_executor(), [this](const std::string& name, const std::string& what) {
              log.error("task failed", {{"task", name}, {"what", what}});
          }) {}

    result<> bind();
    void sweep_repositories();
    task<> accept();
    void admit(tcp::socket socket);
    task<> converse(tcp::socket socket, std::string peer, std::string near);
    task<result<control::identity>> authenticate(std::string user, std::string fingerprint);
    void forget(const std::string& near);
    task<bool> stop();

    server_options options;
    control::platform& platform;
    logger& log;
    asio::io_context io{1};
    blocking_pool files{"files", 2};
    host_side host;
    tcp::acceptor acceptor{io};
    sessions doors;
    task_scope tasks;
    std::list<connection*> connections;
    std::map<std::string, int> strangers;  // connections that are not authenticated, by neighbourhood
    std::thread thread;
    bool clean{true};
};

result<> server::impl::bind() {
    auto address = parse_listen_address(options.listen);
    if (!address) return address.error();
    boost::system::error_code ec;
    tcp::endpoint at(
        address->any ? asio::ip::address(asio::ip::address_v6::any()) : asio::ip::make_address(address->host, ec),
        address->port);
    if (ec) return cannot(options.listen, ec);
    acceptor.open(at.protocol(), ec);
    if (ec && address->any) {  // a machine without IPv6
        at = tcp::endpoint(tcp::v4(), address->port);
        acceptor.open(at.protocol(), ec);
    }
    if (ec) return cannot(options.listen, ec);
    acceptor.set_option(tcp::acceptor::reuse_address(true), ec);
    if (address->any && at.protocol() == tcp::v6()) acceptor.set_option(asio::ip::v6_only(false), ec);
    acceptor.bind(at, ec);
    if (!ec) acceptor.listen(256, ec);
    if (ec) return cannot(options.listen, ec);
    return {};
}

void server::impl::sweep_repositories() {
    std::error_code ec;
    if (options.repositories.empty()) return;
    for (fs::directory_iterator at(options.repositories, ec), end; !ec && at != end; at.increment(ec))
        quarantine::sweep(at->path(), true);
}

task<> server::impl::accept() {
    for (;;) {
        boost::system::error_code ec;
        auto socket = co_await acceptor.async_accept(asio::redirect_error(asio::use_awaitable, ec));
        if (ec == asio::error::operation_aborted) co_return;
        if (!ec) {
            admit(std::move(socket));
            continue;
        }
        // Out of descriptors, most likely: others have to leave first.
        log.warn("accept failed", {{"why", ec.message()}});
        co_await sleep_until(deadline::after(std::chrono::milliseconds(100)));
    }
}

void server::impl::admit(tcp::socket socket) {
    boost::system::error_code ec;
    const auto from = socket.remote_endpoint(ec);
    if (ec) return;
    const auto near = neighbourhood(from.address());
    const auto known = strangers.find(near);
    if (connections.size() >= static_cast<std::size_t>(options.max_connections) ||
        (known != strangers.end() && known->second >= options.max_unauthenticated_per_address)) {
        log.warn("connection refused", {{"peer", near}, {"why", "too many"}});
        return;
    }
    tasks.spawn("ssh connection", converse(std::move(socket), from.address().to_string(), near));
}

task<> server::impl::converse(tcp::socket socket, std::string peer, std::string near) {
    bool stranger = true;
    ++strangers[near];
    auto known = [&] {
        if (std::exchange(stranger, false)) forget(near);
    };
    connection_services services;
    services.authenticate = [this](std::string user, std::string key) {
        return authenticate(std::move(user), std::move(key));
    };
    services.serve = [this](channel& c, session_request r) { return doors.serve(c, std::move(r)); };
    services.dial = [this](forward_request r) { return doors.dial(std::move(r)); };
    services.known = known;
    connection one(io.get_executor(), options, std::move(services), log, std::move(peer));
    const auto at = connections.insert(connections.end(), &one);
    std::exception_ptr fault;
    try {
        co_await one.run(host.bind.get(), std::move(socket));
    } catch (...) {
        fault = std::current_exception();
    }
    connections.erase(at);
    known();
    if (fault) std::rethrow_exception(fault);
}

task<result<control::identity>> server::impl::authenticate(std::string, std::string fingerprint) {
    auto asked = hop(platform.executor(), platform.accounts().by_fingerprint(std::move(fingerprint)));
    co_return co_await with_deadline(std::move(asked), deadline::after(std::chrono::seconds(10)), "the key's owner");
}

void server::impl::forget(const std::string& near) {
    const auto at = strangers.find(near);
    if (at != strangers.end() && --at->second == 0) strangers.erase(at);
}

task<bool> server::impl::stop() {
    boost::system::error_code ignored;
    acceptor.close(ignored);
    for (auto* each : connections)
        each->close("server stops");
    const bool ended = co_await finishes_before(tasks.join(), deadline::after(options.stop_time));
    if (!ended) tasks.cancel();
    co_return ended;
}

server::server(server_options options, control::platform& platform, logger& log)
    : impl_(std::make_unique<impl>(std::move(options), platform, log)) {}

// Work that control still holds would come back to an executor that is gone: after a stop that was not clean, what
// it may touch stays.
server::~server() {
    if (!impl_->clean) (void)impl_.release();
}

result<> server::open() {
    auto host = open_host(impl_->options.host_keys);
    if (!host) return host.error();
    impl_->host = std::move(*host);
    if (auto bound = impl_->bind(); !bound) return bound.error();
    impl_->sweep_repositories();
    impl_->log.info("listening", {{"port", port()}, {"host_key", impl_->host.fingerprints.front()}});
    return {};
}

std::uint16_t server::port() const noexcept {
    boost::system::error_code ec;
    const auto at = impl_->acceptor.local_endpoint(ec);
    return ec ? std::uint16_t{0} : at.port();
}

std::vector<std::string> server::host_fingerprints() const {
    return impl_->host.fingerprints;
}

task<> server::run() {
    auto& d = *impl_;
    d.tasks.spawn("ssh accept", d.accept());
    auto guard = asio::make_work_guard(d.io);
    d.clean = false;
    d.thread = std::thread([&d] {
        sigset_t all;
        sigfillset(&all);
        ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
        d.io.run();
    });
    boost::system::error_code cancelled;
    asio::steady_timer never(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
    co_await never.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    d.clean = co_await hop(asio::any_io_executor(d.io.get_executor()), d.stop());
    guard.reset();
    if (!d.clean) {
        d.log.warn("stopped with sessions under way");
        d.io.stop();
    }
    d.thread.join();
}

}  // namespace gasper::receiver
