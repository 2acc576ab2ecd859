// One connection through a door, from its first byte to its last. For the door's own sources.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <optional>
#include <string>

#include "runtime/services/door.hpp"
#include "runtime/services/greeting_start.hpp"

namespace gasper::runtime {

class door_connection {
 public:
    using tcp = asio::ip::tcp;

    door_connection(tcp::socket client, asio::ssl::context& context, const door_options& options)
        : options_(options),
          client_(std::move(client), context),
          server_(client_.get_executor()),
          watchdog_(client_.get_executor()) {}

    /// TLS, the server, all that both say, the end. A refusal says why nothing was relayed.
    task<result<>> serve(service_door::server_address where);

 private:
    using time_point = deadline::clock::time_point;

    task<result<>> meet_server(service_door::server_address where);
    task<result<>> begin_tls();
    task<result<>> be_asked();
    task<result<>> be_greeted();
    task<result<>> turn_down(std::string why);
    task<result<>> reach(tcp::endpoint server);
    task<> relay();
    task<> both_ways();
    task<> inward();
    task<> outward();
    task<> watch();
    task<> end_tls();
    bool in_login() const { return login_ && login_->now() == greeting_login::state::going; }
    bool refused() const { return login_ && login_->now() == greeting_login::state::refused; }
    time_point limit() const;
    void moved() { last_ = deadline::clock::now(); }
    void stop_both();
    void cut();

    const door_options& options_;
    asio::ssl::stream<tcp::socket> client_;
    tcp::socket server_;
    asio::steady_timer watchdog_;
    std::optional<greeting_login> login_;                 // where the server speaks first
    time_point login_until_{};                            // its end
    time_point last_{};                                   // a byte moved
    std::optional<time_point> writing_in_, writing_out_;  // since when somebody takes nothing
    bool over_{false};                                    // the server has said all, or the client does not hear
    bool cut_{false};
};

}  // namespace gasper::runtime
