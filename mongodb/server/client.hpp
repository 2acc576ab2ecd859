// One client's connection: a message in, a command run, an answer out, until either side has had enough.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <string>

#include "mongodb/commands/context.hpp"
#include "mongodb/server/budget.hpp"
#include "mongodb/server/gateway.hpp"

namespace gasper::mongodb {

struct client_parts {
    const gateway_options& options;
    shared_parts& shared;
    budget& large;
    const log_line& say;
    std::size_t strangers{0};
};

class client {
 public:
    client(asio::ip::tcp::socket socket, std::int32_t id, client_parts& parts);
    client(const client&) = delete;
    client& operator=(const client&) = delete;
    ~client();

    task<> serve();

 private:
    struct incoming {
        message_header header;
        std::string payload;
        budget::share share;
    };

    /// False: the client is gone, silent for too long, or sent what cannot be answered.
    task<bool> receive(incoming& into);
    task<bool> read_exactly(std::string& into, std::size_t size, deadline until);
    task<bool> handle(incoming& message);
    task<std::string> document_for(const request& r);
    task<bool> reply(const request& to, const std::string& document);
    void count_login(bool was_stranger);

    asio::ip::tcp::socket socket_;
    client_parts& parts_;
    session session_;
    std::int32_t replies_{0};
    bool stranger_{true};
};

}  // namespace gasper::mongodb
