#include "dns/run.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>

#include "core/base/task_scope.hpp"
#include "core/tables/follower.hpp"
#include "dns/tcp_server.hpp"
#include "dns/udp_server.hpp"

namespace gasper::dns {

namespace {

class process {
 public:
    process(asio::io_context& io, const options& chosen, logger& log)
        : io_(io),
          chosen_(chosen),
          log_(log),
          scope_(io.get_executor(), [this](const std::string& name, const std::string& what) { fault(name, what); }),
          follower_(io.get_executor(), {chosen.table_file, chosen.feed_socket, "dns"}, log,
                    [this](const std::shared_ptr<const table>& next) { return apply(*next); }) {}

    int run() {
        const auto loaded = follower_.load();
        // With a feed a better table will come; without one nothing would ever be right.
        if (!loaded && chosen_.feed_socket.empty()) return 1;
        for (const auto& at : chosen_.listen)
            if (!listen(at)) return 1;
        for (auto& server : udp_)
            scope_.spawn("udp", server->run());
        for (auto& server : tcp_)
            scope_.spawn("tcp", server->run());
        scope_.spawn("tables", follower_.run());
        signals_.async_wait([this](boost::system::error_code ec, int signal) {
            if (ec) return;
            log_.info("stopping", {{"signal", signal}});
            scope_.cancel();
        });
        io_.run();
        return failed_ ? 1 : 0;
    }

 private:
    bool listen(const listen_address& at) {
        const auto executor = io_.get_executor();
        try {
            const auto address = asio::ip::make_address(at.address);
            udp_.push_back(std::make_unique<udp_server>(executor, asio::ip::udp::endpoint(address, at.port), zones_));
            const asio::ip::tcp::endpoint tcp(address, at.port);
            tcp_.push_back(std::make_unique<tcp_server>(executor, tcp, tcp_limits(), zones_, log_));
        } catch (const boost::system::system_error& e) {
            log_.error("cannot listen", {{"address", at.address}, {"port", at.port}, {"reason", e.code().message()}});
            return false;
        }
        log_.info("listening", {{"address", at.address}, {"port", at.port}});
        return true;
    }

    result<> apply(const table& next) {
        auto compiled = zone_map::compile(next);
        if (!compiled) return compiled.error();
        zones_.set(std::make_shared<const zone_map>(std::move(*compiled)));
        return {};
    }

    // A server that lost its socket must not look alive: whoever started the process starts it again.
    void fault(const std::string& name, const std::string& what) {
        log_.error("fault", {{"task", name}, {"reason", what}});
        failed_ = true;
        signals_.cancel();
        scope_.cancel();
    }

    asio::io_context& io_;
    const options& chosen_;
    logger& log_;
    snapshot<zone_map> zones_;
    task_scope scope_;
    table_follower follower_;
    std::vector<std::unique_ptr<udp_server>> udp_;
    std::vector<std::unique_ptr<tcp_server>> tcp_;
    asio::signal_set signals_{io_, SIGTERM, SIGINT};
    bool failed_{false};
};

}  // namespace

int run(const options& chosen) {
    logger log("dns", chosen.least);
    asio::io_context io(1);
    return process(io, chosen, log).run();
}

}  // namespace gasper::dns
