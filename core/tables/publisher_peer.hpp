// One connected subscriber, as the publisher keeps it. For the publisher's own sources.
#pragma once

#include <boost/asio/steady_timer.hpp>

#include "core/tables/publisher.hpp"

namespace gasper {

struct table_publisher::peer {
    explicit peer(socket s) : connection(std::move(s)), wake(connection.get_executor()) {}

    socket connection;
    asio::steady_timer wake;  // a new table, or the end
    std::string heard;        // what came and is no whole line yet
    subscriber_state state;
    std::optional<leaving_instances> leaving;  // what it said last; none: it says nothing of that
    std::uint64_t sent{0};
    bool closed{false};

    void close() {
        boost::system::error_code ignored;
        closed = true;
        connection.close(ignored);
        wake.cancel();
    }
};

}  // namespace gasper
