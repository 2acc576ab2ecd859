#include "mongodb/server/client.hpp"

#include <algorithm>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include "mongodb/bson/reader.hpp"
#include "mongodb/commands/fields.hpp"

namespace gasper::mongodb {
namespace {

constexpr std::size_t read_step = 1U << 20;
constexpr int most_failed_logins = 3;

}  // namespace

client::client(asio::ip::tcp::socket socket, std::int32_t id, client_parts& parts)
    : socket_(std::move(socket)), parts_(parts) {
    session_.id = id;
    ++parts_.shared.connections;
    ++parts_.strangers;
    boost::system::error_code ignored;
    socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
}

client::~client() {
    --parts_.shared.connections;
    if (stranger_) --parts_.strangers;
}

task<> client::serve() {
    for (;;) {
        incoming message;
        if (!co_await receive(message)) co_return;
        if (!co_await handle(message)) co_return;
    }
}

task<bool> client::read_exactly(std::string& into, std::size_t size, deadline until) {
    // Room grows with what has come: a length that is only claimed costs nothing.
    while (into.size() < size) {
        const auto have = into.size();
        into.resize(std::min(size, have + std::min(have + 4096, read_step)));
        boost::system::error_code failed;
        const auto buffer = asio::buffer(into.data() + have, into.size() - have);
        bool whole = false;
        const auto read = [](auto& socket, asio::mutable_buffer to, bool& done,
                             boost::system::error_code& why) -> task<> {
            co_await asio::async_read(socket, to, asio::redirect_error(asio::use_awaitable, why));
            done = !why;
        };
        auto reading = read(socket_, buffer, whole, failed);
        const bool in_time = co_await finishes_before(std::move(reading), until);
        if (!in_time || !whole) co_return false;
    }
    co_return true;
}

task<bool> client::receive(incoming& into) {
    const auto& o = parts_.options;
    std::string head;
    const auto patience = stranger_ ? o.stranger_idle_time : o.idle_time;
    if (!co_await read_exactly(head, header_bytes, deadline::after(patience))) co_return false;
    const auto limit = stranger_ ? o.stranger_message_bytes : max_message_bytes;
    auto header = parse_header(head, limit);
    if (!header) {
        request to;
        to.id = static_cast<std::int32_t>(stated_size(head.substr(4)));
        const auto refusal = error_document(header.error());
        co_await reply(to, refusal);
        co_return false;
    }
    into.header = *header;
    const auto until = deadline::after(o.transfer_time);
    if (into.header.length >= o.large_message_bytes) {
        if (!co_await parts_.large.take(into.share, into.header.length, until)) co_return false;
    }
    co_return co_await read_exactly(into.payload, into.header.length - header_bytes, until);
}

task<bool> client::handle(incoming& message) {
    auto parsed = parse_request(message.header, message.payload);
    if (!parsed) {
        request to;
        to.id = message.header.request_id;
        to.legacy = message.header.op == static_cast<std::int32_t>(opcode::query);
        const auto refusal = error_document(parsed.error());
        co_await reply(to, refusal);
        co_return false;
    }
    const auto document = co_await document_for(*parsed);
    count_login(stranger_);
    if (parsed->wants_reply && !co_await reply(*parsed, document)) co_return false;
    co_return session_.failed_logins < most_failed_logins;
}

void client::count_login(bool was_stranger) {
    stranger_ = !session_.who;
    if (was_stranger && !stranger_) --parts_.strangers;
    if (!was_stranger && stranger_) ++parts_.strangers;
}

task<std::string> client::document_for(const request& r) {
    const auto limit = time_limit(r.command);
    const auto until = limit ? deadline::after(*limit).sooner(parts_.options.command_time)
                             : deadline::after(parts_.options.command_time);
    command_context c{parts_.shared, session_, r, command_name(r.command), until};
    auto document = co_await run_command(c);
    if (document) co_return std::move(*document);
    if (document.error().number == internal_error)
        parts_.say("level=warn event=command_failed command=" + std::string(c.name) +
                   " connection=" + std::to_string(session_.id));
    co_return error_document(document.error());
}

task<bool> client::reply(const request& to, const std::string& document) {
    const auto bytes = encode_reply(++replies_, to, document);
    bool sent = false;
    const auto write = [](auto& socket, const std::string& what, bool& done) -> task<> {
        boost::system::error_code failed;
        co_await asio::async_write(socket, asio::buffer(what), asio::redirect_error(asio::use_awaitable, failed));
        done = !failed;
    };
    auto writing = write(socket_, bytes, sent);
    const bool in_time = co_await finishes_before(std::move(writing), deadline::after(parts_.options.transfer_time));
    co_return in_time&& sent;
}

}  // namespace gasper::mongodb
