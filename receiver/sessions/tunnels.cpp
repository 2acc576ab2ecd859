// ssh -L 5432:NAME:5432 APP@host: to the databases of an app, for who may use the app.
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

}  // namespace

// Asks control, then connects by itself: the addresses of databases are reached from this machine only.
task<result<forward_socket>> sessions::dial(forward_request wanted) {
    if (wanted.user == "git" || wanted.user == "gasper")
        co_return fail(errc::invalid, "tunnel_user", "a tunnel is an app's: ssh -N -L 5432:NAME:5432 APP@HOST");
    if (tunnels_ >= options_.max_tunnels)
        co_return fail(errc::unavailable, "too_many_tunnels", "there are too many tunnels; try again later");
    auto executor = co_await asio::this_coro::executor;
    ++tunnels_;
    auto give_up_place = [this](tcp::socket* s) {
        delete s;
        --tunnels_;
    };
    forward_socket socket(new tcp::socket(executor), std::move(give_up_place));
    control::services databases(platform_);
    auto asking = hop(control_, databases.find_way(wanted.who, wanted.user, wanted.host, wanted.port));
    auto way = co_await with_deadline(std::move(asking), deadline::after(seconds(10)), "the database's address");
    if (!way) co_return way.error();
    boost::system::error_code ec;
    const auto address = asio::ip::make_address(way->address, ec);
    if (ec) co_return no_answer(wanted, ec);
    const tcp::endpoint at(address, way->port);
    auto connecting = connect_socket(*socket, at, wanted);
    auto connected = co_await with_deadline(std::move(connecting), deadline::after(seconds(10)), wanted.host);
    if (!connected) co_return connected.error();
    co_return socket;
}

}  // namespace gasper::receiver
