#include "web/server.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/system/system_error.hpp>

#include "web/connection.hpp"
#include "web/problem.hpp"

namespace gasper::web {

using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr std::size_t max_refusals = 64;  // connections that are being told that there are too many

}  // namespace

server::server(asio::any_io_executor executor, application& app, const options& settings, logger& log)
    : executor_(executor),
      app_(app),
      settings_(settings),
      log_(log),
      acceptor_(executor),
      scope_(executor, [this](const std::string& name, const std::string& what) {
          log_.error("connection_fault", {{"task", name}, {"what", what}});
      }) {}

server::~server() = default;

result<> server::listen() {
    const auto refused = [this](const error_code& ec) {
        return fail(errc::unavailable, "listen",
                    settings_.address + ":" + std::to_string(settings_.port) + " for the API: " + ec.message());
    };
    error_code ec;
    const auto address = asio::ip::make_address(settings_.address, ec);
    if (ec) return refused(ec);
    const tcp::endpoint at(address, settings_.port);
    acceptor_.open(at.protocol(), ec);
    if (!ec) acceptor_.set_option(tcp::acceptor::reuse_address(true), ec);
    if (!ec) acceptor_.bind(at, ec);
    if (!ec) acceptor_.listen(512, ec);
    if (ec) return refused(ec);
    port_ = acceptor_.local_endpoint().port();
    return {};
}

task<> server::run() {
    log_.info("web_listens", {{"address", settings_.address}, {"port", port_}});
    try {
        co_await accept();
    } catch (const boost::system::system_error& e) {
        if (e.code() != asio::error::operation_aborted) throw;
    }
    co_await asio::this_coro::reset_cancellation_state();
    if (!stopping_) co_await stop(deadline::after(std::chrono::seconds(2)));
    co_await scope_.join();
}

task<> server::stop(deadline until) {
    stopping_ = true;
    error_code ignored;
    acceptor_.close(ignored);
    close_waiting();
    if (!co_await finishes_before(scope_.join(), until)) scope_.cancel();
    co_await scope_.join();
}

task<> server::accept() {
    while (!stopping_) {
        error_code ec;
        tcp::socket socket(executor_);
        co_await acceptor_.async_accept(socket, asio::redirect_error(asio::use_awaitable, ec));
        if (stopping_) co_return;
        if (ec == asio::error::operation_aborted) co_return;
        if (ec) {  // no more descriptors: wait for connections to end
            log_.warn("accept", {{"what", ec.message()}});
            co_await sleep_until(deadline::after(std::chrono::milliseconds(100)));
        } else if (make_room()) {
            scope_.spawn("connection", serve(std::move(socket)));
        } else if (scope_.size() < settings_.max_connections + max_refusals) {
            scope_.spawn("refusal", refuse(std::move(socket)));
        }
    }
}

// A new connection is worth more than the one that was quiet longest.
bool server::make_room() {
    if (open_.size() < settings_.max_connections) return true;
    for (auto* c : open_) {
        if (!c->idle()) continue;
        c->close();
        return scope_.size() < settings_.max_connections + max_refusals;
    }
    return false;
}

void server::close_waiting() {
    for (auto at = open_.begin(); at != open_.end();) {
        auto* c = *at++;
        if (c->idle()) c->close();
    }
}

task<> server::serve(tcp::socket socket) {
    connection c(std::move(socket), app_, {settings_, streams_, stopping_});
    const auto at = open_.insert(open_.end(), &c);
    struct leave {
        std::list<connection*>& all;
        entry at;
        ~leave() { all.erase(at); }
    } left{open_, at};
    co_await c.serve();
}

task<> server::refuse(tcp::socket socket) {
    connection c(std::move(socket), app_, {settings_, streams_, stopping_});
    auto why =
        problem(fail(errc::unavailable, "too_many_connections", "too many connections are open: try again later"));
    why.fields.set("Retry-After", "1");
    co_await c.refuse(std::move(why));
}

}  // namespace gasper::web
