#include "dns/tcp_server.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <vector>

#include "core/base/deadline.hpp"
#include "dns/answer.hpp"

namespace gasper::dns {

struct tcp_server::connection {
    explicit connection(asio::ip::tcp::socket s) : socket(std::move(s)) {}

    void close() {
        boost::system::error_code ignored;
        socket.close(ignored);
    }

    asio::ip::tcp::socket socket;
    std::array<std::uint8_t, 2> length;
    // Held while a query is under way only: an idle connection costs little.
    std::vector<std::uint8_t> request, response;
};

tcp_server::tcp_server(asio::any_io_executor executor, const asio::ip::tcp::endpoint& at, tcp_limits limits,
                       snapshot<zone_map>& zones, logger& log)
    : acceptor_(executor),
      limits_(limits),
      zones_(zones),
      log_(log),
      scope_(executor, [&log](const std::string& name, const std::string& what) {
          log.warn("fault", {{"task", name}, {"reason", what}});
      }) {
    acceptor_.open(at.protocol());
    const int fd = acceptor_.native_handle(), one = 1;
    if (::setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one) != 0)
        throw boost::system::system_error(errno, boost::system::system_category(), "SO_REUSEPORT");
    acceptor_.set_option(asio::ip::tcp::acceptor::reuse_address(true));
    if (at.protocol() == asio::ip::tcp::v6()) acceptor_.set_option(asio::ip::v6_only(true));
    acceptor_.bind(at);
    acceptor_.listen();
}

tcp_server::~tcp_server() = default;

task<> tcp_server::run() {
    std::exception_ptr fault;
    try {
        co_await accept();
    } catch (...) {
        fault = std::current_exception();
    }
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    for (auto& c : open_)
        c->close();
    scope_.cancel();
    co_await scope_.join();
    std::rethrow_exception(fault);
}

task<> tcp_server::accept() {
    for (;;) {
        boost::system::error_code ec;
        asio::ip::tcp::socket peer(acceptor_.get_executor());
        co_await acceptor_.async_accept(peer, asio::redirect_error(asio::use_awaitable, ec));
        if (ec == asio::error::operation_aborted) throw boost::system::system_error(ec);
        if (ec) {  // out of descriptors, or a peer that is gone already
            log_.warn("accept", {{"reason", ec.message()}});
            co_await sleep_until(deadline::after(std::chrono::milliseconds(100)));
            continue;
        }
        // At the limit the longest idle one makes room: slow connections cannot keep others out.
        if (open_.size() >= limits_.connections) {
            open_.front()->close();
            open_.pop_front();
        }
        auto made = std::make_shared<connection>(std::move(peer));
        open_.push_back(made);
        scope_.spawn("connection", serve(made));
    }
}

task<> tcp_server::serve(std::shared_ptr<connection> peer) {
    try {
        while (peer->socket.is_open()) {
            auto work = one_query(peer);
            const bool in_time = co_await finishes_before(std::move(work), deadline::after(limits_.idle));
            if (!in_time) break;
            touch(peer);
        }
    } catch (const boost::system::system_error&) {  // the peer left, or it was closed for another
    }
    peer->close();
    open_.remove(peer);
}

void tcp_server::touch(const std::shared_ptr<connection>& peer) {
    const auto at = std::find(open_.begin(), open_.end(), peer);
    if (at != open_.end()) open_.splice(open_.end(), open_, at);
}

task<> tcp_server::one_query(std::shared_ptr<connection> peer) {
    auto& c = *peer;
    co_await asio::async_read(c.socket, asio::buffer(c.length), asio::use_awaitable);
    c.request.resize(static_cast<std::size_t>(c.length[0] << 8 | c.length[1]));
    co_await asio::async_read(c.socket, asio::buffer(c.request), asio::use_awaitable);
    c.response.resize(2 + max_message);
    const auto zones = zones_.get();
    const auto size = answer(c.request, transport::tcp, *zones, std::span(c.response).subspan(2));
    if (size == 0) {  // nothing that deserves an answer comes from a resolver
        c.close();
        co_return;
    }
    c.response[0] = static_cast<std::uint8_t>(size >> 8);
    c.response[1] = static_cast<std::uint8_t>(size);
    // Length and message in one segment (RFC 7766 §8).
    co_await asio::async_write(c.socket, asio::buffer(c.response.data(), size + 2), asio::use_awaitable);
    c.request = {};
    c.response = {};
}

}  // namespace gasper::dns
