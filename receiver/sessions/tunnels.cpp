// ssh -L 5432:NAME:5432 APP@host: to the databases of an app, for who may use the app.
#include <boost/asio/post.hpp>
#include <functional>
#include <memory>

#include "control/services/services.hpp"
#include "core/base/deadline.hpp"
#include "receiver/sessions/sessions.hpp"
#include "receiver/ssh/hop.hpp"

namespace gasper::receiver {

namespace {

using asio::ip::tcp;
using std::chrono::seconds;

error no_answer(const forward_request& wanted, const boost::system::error_code& ec) {
    return fail(errc::unavailable, "tunnel_target", wanted.host + " does not answer: " + ec.message());
}

task<result<>> connect_socket(tcp::socket& socket, tcp::endpoint at, forward_request wanted) {
    boost::system::error_code ec;
    co_await socket.async_connect(at, asio::redirect_error(asio::use_awaitable, ec));
    if (ec) co_return no_answer(wanted, ec);
    socket.set_option(tcp::no_delay(true), ec);
    socket.set_option(asio::socket_base::keep_alive(true), ec);
    co_return result<>();
}

/// A socket, its place among the tunnels that there may be, and the right to it. Belongs to the SSH thread.
struct dialled_tunnel {
    dialled_tunnel(const asio::any_io_executor& executor, int& open) : socket(executor), open_(open) { ++open_; }
    dialled_tunnel(const dialled_tunnel&) = delete;
    dialled_tunnel& operator=(const dialled_tunnel&) = delete;
    ~dialled_tunnel() { --open_; }

    tcp::socket socket;
    std::shared_ptr<const control::open_tunnel> right;
    bool over{false};

 private:
    int& open_;
};

// Called by control: the client sees the end of the connection.
std::function<void()> ender_of(const std::shared_ptr<dialled_tunnel>& tunnel, asio::any_io_executor here) {
    return [weak = std::weak_ptr<dialled_tunnel>(tunnel), here = std::move(here)] {
        asio::post(here, [weak] {
            const auto t = weak.lock();
            if (!t) return;
            t->over = true;
            boost::system::error_code ignored;
            t->socket.close(ignored);
        });
    };
}

}  // namespace

// Asks control, then connects by itself: the addresses of databases are reached from this machine only.
task<result<forward_socket>> sessions::dial(forward_request wanted) {
    if (wanted.user == "git" || wanted.user == "gasper")
        co_return fail(errc::invalid, "tunnel_user", "a tunnel is an app's: ssh -N -L 5432:NAME:5432 APP@HOST");
    if (tunnels_ >= options_.max_tunnels)
        co_return fail(errc::unavailable, "too_many_tunnels", "there are too many tunnels; try again later");
    auto executor = co_await asio::this_coro::executor;
    auto tunnel = std::make_shared<dialled_tunnel>(executor, tunnels_);
    control::services databases(platform_);
    auto finding = databases.find_way(wanted.who, wanted.user, wanted.host, wanted.port, ender_of(tunnel, executor));
    auto asking = hop(control_, std::move(finding));
    auto way = co_await with_deadline(std::move(asking), deadline::after(seconds(10)), "the database's address");
    if (!way) co_return way.error();
    tunnel->right = std::move(way->right);
    boost::system::error_code ec;
    const auto address = asio::ip::make_address(way->address, ec);
    if (ec) co_return no_answer(wanted, ec);
    const tcp::endpoint at(address, way->port);
    auto connecting = connect_socket(tunnel->socket, at, wanted);
    auto connected = co_await with_deadline(std::move(connecting), deadline::after(seconds(10)), wanted.host);
    if (!connected) co_return connected.error();
    if (tunnel->over)
        co_return fail(errc::forbidden, "service_not_attached", wanted.host + " is not attached any more");
    forward_socket socket(tunnel, &tunnel->socket);
    co_return socket;
}

}  // namespace gasper::receiver
