// A Docker Engine that says what a test wants: an HTTP server on a Unix socket, scripted per request. It runs on the
// test's own io_context. A request that no script expects fails the test. Answers may be delayed until the test says
// so, cut, malformed or huge: they are bytes.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/base/asio.hpp"
#include "core/base/task_scope.hpp"

namespace gasper::test {

class scripted_engine {
 public:
    using socket = asio::local::stream_protocol::socket;

    struct request {
        std::string method, target, head, body;
        int connection{0};  // number of the connection it came on, from 1
    };
    struct answer {
        std::vector<std::string> pieces;                             // written one by one, each in a write of its own
        bool close{false};                                           // cut the connection afterwards
        std::shared_ptr<asio::steady_timer> gate;                    // hold_back(): nothing is written before it opens
        std::function<task<>(socket&, std::string early)> hijacked;  // then takes over the connection
    };

    explicit scripted_engine(asio::io_context& io);
    ~scripted_engine();

    /// The next request must be this (the target without its "/v1.41"; a query after `?` need not be given).
    void expect(std::string method, std::string path, answer a);
    /// Every request like this, any number of times, unless an expectation is next.
    void always(std::string method, std::string path, answer a);
    /// What no script knows is answered by this.
    void otherwise(std::function<answer(const request&)> how) { otherwise_ = std::move(how); }
    /// Answers /version: the engine speaks `api` down to `minimum`.
    void speaks(const std::string& api, const std::string& minimum = "1.12");

    static answer json(int status, const std::string& body);
    static answer chunked(const std::vector<std::string>& chunks);
    static answer raw(std::vector<std::string> pieces, bool close = false);
    static answer hijack(std::function<task<>(socket&, std::string early)> talk);
    /// An answer that waits for open_gates().
    answer hold_back(answer a);
    void open_gates();

    /// Cuts every connection there is; the next connect works again.
    void cut_all();
    /// Stops listening: as if the engine was not there.
    void vanish();

    const std::filesystem::path& path() const { return path_; }
    const std::vector<request>& seen() const { return seen_; }
    std::size_t left() const { return script_.size(); }
    int connections() const { return connections_; }
    int open_connections() const { return static_cast<int>(sockets_.size()); }

 private:
    struct expectation {
        std::string method, path;
        answer reply;
    };

    task<> accept();
    task<> serve(std::shared_ptr<socket> s, int number);
    task<bool> read_request(socket& s, std::string& buffered, request& into);
    answer find(const request& r);

    std::filesystem::path directory_, path_;
    asio::local::stream_protocol::acceptor acceptor_;
    std::deque<expectation> script_;
    std::vector<expectation> always_;
    std::function<answer(const request&)> otherwise_;
    std::vector<request> seen_;
    std::vector<std::shared_ptr<asio::steady_timer>> gates_;
    std::map<int, std::shared_ptr<socket>> sockets_;
    int connections_{0};
    asio::io_context& io_;
    std::unique_ptr<task_scope> scope_;
};

}  // namespace gasper::test
