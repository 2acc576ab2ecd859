#include "runtime/services/door.hpp"

#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/system/system_error.hpp>

#include "runtime/services/door_connection.hpp"

namespace gasper::runtime {

using boost::system::error_code;

namespace {

constexpr auto telling = std::chrono::minutes(1);  // between two lines of the log about who was turned away

asio::ip::address plain_address(const asio::ip::address& a) {
    if (a.is_v6() && a.to_v6().is_v4_mapped()) return asio::ip::make_address_v4(asio::ip::v4_mapped, a.to_v6());
    return a;
}

}  // namespace

struct service_door::tls_context {
    tls_context() {
        // No sessions to resume and no second handshake: a connection to a database lasts.
        SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
        SSL_CTX_set_options(context.native_handle(),
                            SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION);
        SSL_CTX_set_num_tickets(context.native_handle(), 0);
        SSL_CTX_set_session_cache_mode(context.native_handle(), SSL_SESS_CACHE_OFF);
    }
    error_code show(const door_certificate& c) {
        error_code ec;
        context.use_certificate(asio::buffer(c.certificate), asio::ssl::context::pem, ec);
        if (!ec) context.use_private_key(asio::buffer(c.key), asio::ssl::context::pem, ec);
        return ec;
    }
    asio::ssl::context context{asio::ssl::context::tls_server};
};

service_door::service_door(asio::any_io_executor executor, door_options options, server_address server, logger& log)
    : executor_(executor),
      options_(std::move(options)),
      server_(std::move(server)),
      log_(log),
      tls_(std::make_unique<tls_context>()),
      acceptor_(executor),
      connections_(executor, [this](const std::string& name, const std::string& what) {
          log_.error("a connection from outside failed",
                     {{"service", options_.service}, {"task", name}, {"reason", what}});
      }) {}

service_door::~service_door() = default;

// One socket hears IPv4 as well, but for a host without IPv6.
result<> service_door::listen() {
    if (const auto ec = tls_->show(options_.shown)) return fail(errc::failed, "door_certificate", ec.message());
    error_code ec;
    acceptor_.open(tcp::v6(), ec);
    const bool both = !ec;
    if (both)
        acceptor_.set_option(asio::ip::v6_only(false), ec);
    else
        acceptor_.open(tcp::v4(), ec);
    if (!ec) acceptor_.set_option(tcp::acceptor::reuse_address(true), ec);
    const auto protocol = both ? tcp::v6() : tcp::v4();
    if (!ec) acceptor_.bind(tcp::endpoint(protocol, options_.port), ec);
    if (!ec) acceptor_.listen(static_cast<int>(options_.most_connections), ec);
    if (!ec) port_ = acceptor_.local_endpoint(ec).port();
    if (!ec) return {};
    const auto why = ec.message();
    acceptor_.close(ec);
    return fail(errc::conflict, "port_taken", "port " + std::to_string(options_.port) + ": " + why);
}

task<> service_door::run() {
    try {
        co_await accept();
    } catch (const boost::system::system_error& e) {
        if (e.code() != asio::error::operation_aborted) throw;
    }
    co_await asio::this_coro::reset_cancellation_state();
    close();
    co_await connections_.join();
}

void service_door::close() {
    closed_ = true;
    error_code ignored;
    acceptor_.close(ignored);
    connections_.cancel();
}

task<> service_door::accept() {
    while (!closed_) {
        error_code ec;
        tcp::socket socket(executor_);
        tcp::endpoint peer;
        co_await acceptor_.async_accept(socket, peer, asio::redirect_error(asio::use_awaitable, ec));
        if (closed_ || ec == asio::error::operation_aborted) co_return;
        if (ec) {  // no more descriptors: wait for connections to end
            log_.warn("accept", {{"service", options_.service}, {"reason", ec.message()}});
            co_await sleep_until(deadline::after(std::chrono::milliseconds(100)));
            continue;
        }
        const auto from = plain_address(peer.address());
        if (admits(from)) {
            ++let_in_;
            connections_.spawn("connection", serve(std::move(socket), from));
        } else {
            turn_away(std::move(socket), from);
        }
    }
}

bool service_door::admits(const asio::ip::address& from) const {
    if (!options_.allowed.contains(from) || connections_.size() >= options_.most_connections) return false;
    const auto at = from_.find(from);
    return at == from_.end() || at->second < options_.most_of_address;
}

// A reset costs nothing that stays. The log is not for strangers to fill.
void service_door::turn_away(tcp::socket socket, const asio::ip::address& from) {
    ++turned_away_;
    ++untold_;
    error_code ignored;
    socket.set_option(asio::socket_base::linger(true, 0), ignored);
    socket.close(ignored);
    const auto at = deadline::clock::now();
    if (told_ != deadline::clock::time_point{} && at - told_ < telling) return;
    told_ = at;
    log_.warn("turned away at a door", {{"service", options_.service},
                                        {"from", from.to_string()},
                                        {"reason", options_.allowed.contains(from) ? "too many" : "not allowed"},
                                        {"times", untold_}});
    untold_ = 0;
}

task<> service_door::serve(tcp::socket socket, asio::ip::address from) {
    struct counted {
        std::map<asio::ip::address, std::size_t>& all;
        asio::ip::address from;
        ~counted() {
            if (--all[from] == 0) all.erase(from);
        }
    };
    ++from_[from];
    const counted one{from_, from};
    door_connection connection(std::move(socket), tls_->context, options_);
    auto done = co_await connection.serve(server_);
    if (!done)
        log_.debug("no way through a door",
                   {{"service", options_.service}, {"from", from.to_string()}, {"reason", done.error().message}});
}

}  // namespace gasper::runtime
