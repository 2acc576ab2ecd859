// The HTTP/1.1 server of the web door: sockets, limits, deadlines, event streams, and a stop that lets requests end.
// One coroutine a connection, all on the control executor. The constructor starts nothing.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <list>
#include <memory>

#include "core/base/asio.hpp"
#include "core/base/log.hpp"
#include "core/base/task_scope.hpp"
#include "web/application.hpp"
#include "web/options.hpp"

namespace gasper::web {

class connection;

class server {
 public:
    /// References outlive the server.
    server(asio::any_io_executor executor, application& app, const options& settings, logger& log);
    ~server();
    server(const server&) = delete;
    server& operator=(const server&) = delete;

    /// Takes the port; refuses when it is taken. Connections wait until run().
    result<> listen();
    /// After listen().
    std::uint16_t port() const noexcept { return port_; }

    /// Serves until stop() or cancellation. Cancelled, it gives requests in flight two seconds.
    task<> run();

    /// Takes no more connections, ends idle ones and event streams at once, lets requests in flight end until the
    /// deadline, then cancels them. run() returns.
    task<> stop(deadline until);

    std::size_t connections() const noexcept { return open_.size(); }

 private:
    using entry = std::list<connection*>::iterator;

    task<> accept();
    bool make_room();
    void close_waiting();
    task<> serve(asio::ip::tcp::socket socket);
    task<> refuse(asio::ip::tcp::socket socket);

    asio::any_io_executor executor_;
    application& app_;
    const options& settings_;
    logger& log_;
    asio::ip::tcp::acceptor acceptor_;
    std::uint16_t port_{0};
    std::list<connection*> open_;  // the oldest first
    std::size_t streams_{0};
    bool stopping_{false};
    task_scope scope_;
};

}  // namespace gasper::web
