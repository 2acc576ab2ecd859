#include "mongodb/server/gateway.hpp"

#include <boost/asio/ip/tcp.hpp>

#include "core/base/crypto.hpp"
#include "core/base/task_scope.hpp"
#include "mongodb/server/client.hpp"

namespace gasper::mongodb {
namespace {

using tcp = asio::ip::tcp;

bool out_of_descriptors(const boost::system::error_code& e) {
    return e == boost::system::errc::too_many_files_open || e == boost::system::errc::too_many_files_open_in_system ||
           e == boost::system::errc::no_buffer_space || e == boost::system::errc::not_enough_memory;
}

}  // namespace

struct gateway::impl {
    impl(asio::any_io_executor e, gateway_options o, log_line s)
        : executor(e),
          options(std::move(o)),
          say(std::move(s)),
          acceptor(e),
          pool(e, options.pool),
          cursors(options.cursors),
          large(e, options.large_budget),
          shared{pool, cursors, random_bytes(32), deadline::clock::now(), 0},
          parts{options, shared, large, say, 0},
          clients(e, [this](const std::string& name, const std::string& what) {
              say("level=error event=fault task=" + name + " what=\"" + what + "\"");
          }) {}

    task<> serve(tcp::socket socket, std::int32_t id);
    task<> accept();
    task<> expire_cursors();

    asio::any_io_executor executor;
    const gateway_options options;
    log_line say;
    tcp::acceptor acceptor;
    pg_pool pool;
    cursor_store cursors;
    budget large;
    shared_parts shared;
    client_parts parts;
    task_scope clients;
};

task<> gateway::impl::serve(tcp::socket socket, std::int32_t id) {
    client one(std::move(socket), id, parts);
    co_await one.serve();
}

task<> gateway::impl::accept() {
    for (std::int32_t next = 1;; next = next == INT32_MAX ? 1 : next + 1) {
        tcp::socket socket(executor);
        boost::system::error_code failed;
        co_await acceptor.async_accept(socket, asio::redirect_error(asio::use_awaitable, failed));
        if (failed == asio::error::operation_aborted) co_return;
        if (failed) {
            if (out_of_descriptors(failed)) co_await sleep_until(deadline::after(std::chrono::milliseconds(100)));
            continue;
        }
        // A door that is full closes again at once: the driver tries later and says so.
        if (shared.connections >= options.max_connections || parts.strangers >= options.max_strangers) continue;
        clients.spawn("client", serve(std::move(socket), next));
    }
}

task<> gateway::impl::expire_cursors() {
    for (;;) {
        co_await sleep_until(deadline::after(std::chrono::seconds(15)));
        (void)cursors.expire(cursor_store::clock::now());  // DocumentDB clears their files itself
    }
}

gateway::gateway(asio::any_io_executor executor, gateway_options options, log_line say)
    : impl_(std::make_unique<impl>(std::move(executor), std::move(options), std::move(say))) {}

gateway::~gateway() = default;

result<> gateway::open() {
    const auto& o = impl_->options;
    const auto refuse = [&](const std::string& why) {
        return fail(errc::unavailable, "listen_failed",
                    "cannot listen on " + o.address + ":" + std::to_string(o.port) + ": " + why);
    };
    boost::system::error_code failed;
    const auto address = asio::ip::make_address(o.address, failed);
    if (failed) return refuse("it is no address");
    const tcp::endpoint where(address, o.port);
    impl_->acceptor.open(where.protocol(), failed);
    if (!failed) impl_->acceptor.set_option(tcp::acceptor::reuse_address(true), failed);
    if (!failed) impl_->acceptor.bind(where, failed);
    if (!failed) impl_->acceptor.listen(tcp::acceptor::max_listen_connections, failed);
    if (failed) return refuse(failed.message());
    return {};
}

std::uint16_t gateway::port() const {
    return impl_->acceptor.local_endpoint().port();
}

task<> gateway::run() {
    auto& i = *impl_;
    i.clients.spawn("pool", i.pool.expire());
    i.clients.spawn("cursors", i.expire_cursors());
    std::exception_ptr fault;
    try {
        co_await i.accept();
    } catch (const boost::system::system_error& e) {
        if (e.code() != asio::error::operation_aborted) fault = std::current_exception();
    }
    boost::system::error_code ignored;
    i.acceptor.close(ignored);
    // The caller was cancelled; what it awaits from here on must not be.
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    co_await i.clients.stop(deadline::after(i.options.stop_time));
    if (fault) std::rethrow_exception(fault);
}

}  // namespace gasper::mongodb
