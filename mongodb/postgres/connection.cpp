#include "mongodb/postgres/connection.hpp"

#include <sys/socket.h>

#include <array>
#include <boost/asio/write.hpp>

#include "mongodb/postgres/errors.hpp"

namespace gasper::mongodb {
namespace {

using endpoint = asio::local::stream_protocol::endpoint;
constexpr auto cancel_time = std::chrono::seconds(5);
constexpr std::string_view database = "postgres";  // where DocumentDB keeps everything

command_error lost() {
    return {shutdown_in_progress, "the connection to the database was lost"};
}

command_error out_of_time() {
    return {max_time_ms_expired, "operation exceeded time limit"};
}

task<> connect_and_write(asio::local::stream_protocol::socket& socket, const std::string& path,
                         const std::string& bytes) {
    co_await socket.async_connect(endpoint(path), asio::use_awaitable);
    co_await asio::async_write(socket, asio::buffer(bytes), asio::use_awaitable);
}

}  // namespace

pg_connection::pg_connection(asio::any_io_executor executor, std::string socket)
    : socket_path_(std::move(socket)), socket_(std::move(executor)) {}

pg_connection::~pg_connection() {
    if (broken_ || !socket_.is_open()) return;
    // A goodbye saves the server a line in its log; a full buffer does not matter.
    const auto bye = terminate_message();
    (void)::send(socket_.native_handle(), bye.data(), bye.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
}

task<answer<std::unique_ptr<pg_connection>>> pg_connection::open(std::string socket, std::string user, deadline until) {
    auto connection = std::make_unique<pg_connection>(co_await asio::this_coro::executor, std::move(socket));
    auto starting = connection->start(std::move(user), until);
    auto started = co_await std::move(starting);
    if (!started) {
        connection->broken_ = true;
        co_return started.error();
    }
    co_return connection;
}

task<answer<>> pg_connection::start(std::string user, deadline until) {
    exchange hello;
    try {
        const auto greeting = startup_message(user, database);
        auto greet = connect_and_write(socket_, socket_path_, greeting);
        if (!co_await finishes_before(std::move(greet), until)) co_return out_of_time();
        if (!co_await finishes_before(settle(hello), until)) co_return out_of_time();
    } catch (const boost::system::system_error&) {
        co_return lost();
    }
    if (hello.error) co_return translate(*hello.error);
    if (!hello.ready) co_return lost();
    co_return answer<>();
}

task<> pg_connection::send(std::span<const std::string_view> pieces) {
    std::vector<asio::const_buffer> buffers;
    buffers.reserve(pieces.size());
    for (const auto piece : pieces)
        buffers.emplace_back(piece.data(), piece.size());
    co_await asio::async_write(socket_, buffers, asio::use_awaitable);
}

void pg_connection::take(exchange& what, const backend_message& message) {
    switch (message.type) {
        case '1':
            what.prepared = true;
            break;
        case 'D':
            if (auto row = parse_row(message.body)) {
                what.row = std::move(*row);
            } else {
                broken_ = true;
            }
            break;
        case 'E':
            what.error = parse_error(message.body);
            break;
        case 'K':
            process_ = big_endian(message.body, 0);
            key_ = big_endian(message.body, 4);
            break;
        case 'R':
            // Anything but "you are in" would need a password, and the gateway has none.
            if (big_endian(message.body, 0) != 0)
                what.error = database_error{"28000", "the database asks for a password"};
            break;
        case 'Z':
            what.ready = true;
            break;
        default:
            break;  // notices, parameters, bound, complete
    }
}

task<> pg_connection::settle(exchange& what) {
    std::vector<char> bytes(64 * 1024);
    for (;;) {
        for (;;) {
            auto message = stream_.next();
            if (!message) broken_ = true;
            if (!message || !*message) break;
            take(what, **message);
        }
        if (what.ready || broken_) co_return;
        boost::system::error_code failed;
        const auto n =
            co_await socket_.async_read_some(asio::buffer(bytes), asio::redirect_error(asio::use_awaitable, failed));
        if (failed == asio::error::operation_aborted) throw boost::system::system_error(failed);
        if (failed) {
            broken_ = true;
            co_return;
        }
        stream_.add({bytes.data(), n});
    }
}

task<bool> pg_connection::cancel(exchange& what) {
    try {
        asio::local::stream_protocol::socket other(socket_.get_executor());
        const auto request = cancel_message(process_, key_);
        auto ask = connect_and_write(other, socket_path_, request);
        if (!co_await finishes_before(std::move(ask), deadline::after(cancel_time))) co_return false;
    } catch (const boost::system::system_error&) {
        co_return false;
    }
    co_return co_await finishes_before(settle(what), deadline::after(cancel_time));
}

task<answer<sql_row>> pg_connection::query(const statement& s, std::span<const sql_parameter> parameters,
                                           deadline until) {
    struct until_settled {
        bool& broken;
        bool settled{false};
        ~until_settled() { broken = broken || !settled; }
    } guard{broken_};
    exchange what;
    frontend_pieces pieces;
    if (!prepared_.contains(s.name)) pieces.prepare(s);
    pieces.run(s, parameters);
    bool in_time = false;
    try {
        // A statement that is sent in part cannot be taken back: the session ends with it.
        if (!co_await finishes_before(send(pieces.views()), until)) co_return out_of_time();
        in_time = co_await finishes_before(settle(what), until);
        if (!in_time && !co_await cancel(what)) co_return out_of_time();
    } catch (const boost::system::system_error& e) {
        if (e.code() == asio::error::operation_aborted) throw;
        co_return lost();
    }
    guard.settled = what.ready;
    if (what.prepared) prepared_.insert(s.name);
    if (!in_time && what.error) co_return out_of_time();
    if (what.error) co_return translate(*what.error);
    if (!what.ready || broken_) co_return lost();
    co_return std::move(what.row);
}

bool pg_connection::usable() {
    if (broken_ || !socket_.is_open()) return false;
    char c = 0;
    const auto n = ::recv(socket_.native_handle(), &c, 1, MSG_PEEK | MSG_DONTWAIT);
    // Idle sessions only hear of parameters; an end, or an error before it, shows as something to read.
    broken_ = n >= 0;
    return !broken_;
}

}  // namespace gasper::mongodb
