// One thread of the router: an event loop, its listening sockets (SO_REUSEPORT: the kernel spreads connections), its
// connections. start(), drain(), stop() and retire() may be called from another thread.
#pragma once

#include <list>
#include <memory>
#include <thread>

#include "router/connection.hpp"

namespace gasper::router {

struct listening_socket {
    unique_fd fd;
    std::string port;
    bool https{false};
};

class worker {
 public:
    worker(unsigned index, const options& settings, const snapshot<route_map>& routes,
           const snapshot<certificate_store>& certificates, access_log* log, reporter& reports);
    ~worker();
    worker(const worker&) = delete;
    worker& operator=(const worker&) = delete;

    void listen(listening_socket on);
    void start();
    /// Accepts no more, ends idle connections, lets requests in flight finish; `drained` is called on the worker's
    /// thread when the last one has.
    void drain(std::function<void()> drained);
    /// Ends what is left and the thread with it. Returns when it has ended.
    void stop();
    /// A new table is in use: closes the idle connections of instances that left it, lets requests go on that waited
    /// for it, then calls `passed` on the worker's thread. From then on no request of this worker is given to one of
    /// `gone`.
    void applied(std::shared_ptr<const std::vector<std::shared_ptr<upstream>>> gone, std::function<void()> passed);

    const counters& count() const noexcept { return count_; }

 private:
    struct acceptor;
    struct housekeeping;
    struct live {
        explicit live(worker_context& c, client_identity peer) : connection(c, std::move(peer)) {}
        router::connection connection;
        std::list<live>::iterator at;
    };

    root serve(live& c, unique_fd socket);
    void accepted(unique_fd socket, const acceptor& on);
    void stop_accepting();
    void check_drained();
    void tick();

    event_loop loop_;
    buffer_pool buffers_;
    counters count_;
    waiting_room waiting_;
    worker_context context_;
    std::list<std::unique_ptr<acceptor>> acceptors_;
    std::unique_ptr<housekeeping> housekeeping_;
    std::list<live> connections_;
    std::function<void()> drained_;
    bool stopping_{false};
    std::thread thread_;
};

}  // namespace gasper::router
