// One look at whether an instance is well: its port, an HTTP request, or a command inside.
#include <fmt/format.h>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_static_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/system/system_error.hpp>

#include "runtime/single_engine_impl.hpp"

namespace gasper::runtime {

namespace {

using asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t most_output = 200;  // of a failed command, shown to the person

error unwell(const std::string& what) {
    return fail(errc::failed, "unhealthy", what);
}

void throw_if_cancelled(const error_code& ec) {
    if (ec == asio::error::operation_aborted) throw boost::system::system_error(ec);
}

task<result<>> connect(tcp::socket& to, tcp::endpoint at) {
    error_code ec;
    co_await to.async_connect(at, asio::redirect_error(asio::use_awaitable, ec));
    throw_if_cancelled(ec);
    if (ec) co_return unwell(fmt::format("nothing accepts on port {}", at.port()));
    co_return result<>();
}

task<result<>> accepts(tcp::endpoint at) {
    tcp::socket s(co_await asio::this_coro::executor);
    co_return co_await connect(s, at);
}

task<result<>> answers(tcp::endpoint at, std::string path) {
    tcp::socket s(co_await asio::this_coro::executor);
    if (auto ok = co_await connect(s, at); !ok) co_return ok;
    const auto request = fmt::format(
        "GET {} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: gasper-check\r\nAccept: */*\r\nConnection: close\r\n\r\n",
        path);
    error_code ec;
    co_await asio::async_write(s, asio::buffer(request), asio::redirect_error(asio::use_awaitable, ec));
    throw_if_cancelled(ec);
    boost::beast::flat_static_buffer<16384> buffer;
    boost::beast::http::response_parser<boost::beast::http::empty_body> head;
    head.header_limit(16384);
    head.skip(true);
    if (!ec)
        co_await boost::beast::http::async_read_header(s, buffer, head, asio::redirect_error(asio::use_awaitable, ec));
    throw_if_cancelled(ec);
    if (ec) co_return unwell(fmt::format("GET {} got no answer: {}", path, ec.message()));
    const int status = static_cast<int>(head.get().result_int());
    if (status < 200 || status > 399) co_return unwell(fmt::format("GET {} answered {}", path, status));
    co_return result<>();
}

task<result<>> succeeds(cluster& on, std::string container, std::string command) {
    exec_options how{.command = {"/bin/sh", "-c", command}};
    auto inside = co_await on.exec(std::move(container), std::move(how));
    if (!inside) co_return inside.error();
    std::string said;
    for (;;) {
        auto piece = co_await (*inside)->read();
        if (!piece) co_return piece.error();
        if (piece->data.empty()) break;
        said += piece->data;
        if (said.size() > most_output) said.erase(0, said.size() - most_output);
    }
    auto status = co_await (*inside)->exit_status();
    if (!status) co_return status.error();
    if (*status == 0) co_return result<>();
    while (!said.empty() && (said.back() == '\n' || said.back() == ' '))
        said.pop_back();
    co_return unwell(fmt::format("the check command exited with {}{}", *status,
                                 said.empty() ? "" : ": " + said.substr(said.rfind('\n') + 1)));
}

}  // namespace

task<result<>> single_engine::check(observed_instance instance, health_check how, deadline until) {
    using probe = health_check::probe;
    if (how.kind == probe::port && instance.port == 0) co_return result<>();
    task<result<>> look;
    if (how.kind == probe::command) {
        look = succeeds(*this, instance.container, how.command);
    } else {
        error_code ec;
        const auto address = asio::ip::make_address(instance.address, ec);
        if (ec || instance.port == 0)
            co_return fail(errc::invalid, "check_needs_port", instance.name + " has no port that could be checked");
        const tcp::endpoint at(address, instance.port);
        look = how.kind == probe::http ? answers(at, how.path) : accepts(at);
    }
    const auto limit = until.sooner(how.timeout);
    auto seen = co_await with_deadline(std::move(look), limit, "the check");
    if (!seen && seen.error().kind == errc::deadline)
        co_return unwell(fmt::format("the check did not end in {} s", how.timeout.count()));
    co_return seen;
}

}  // namespace gasper::runtime
