// The router's threads and the table they route by. Made, fed with tables and stopped by one thread; the workers run on
// threads of their own.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/snapshot.hpp"
#include "core/tables/table.hpp"
#include "router/options.hpp"
#include "router/reporter.hpp"
#include "router/route_map.hpp"
#include "router/tls.hpp"

namespace gasper::router {

/// Counters of all workers, added up; `by_class[2]`: answers with a 2xx status, [0]: none was sent.
struct traffic {
    std::uint64_t requests{0}, by_class[6]{}, retries{0}, upstream_connects{0}, upstream_reuses{0}, upgrades{0},
        bytes_out{0}, accepted{0}, dropped_log_lines{0};
    std::int64_t connections{0};
};

class worker;
class access_log;

class server {
 public:
    explicit server(options settings);
    ~server();
    server(const server&) = delete;
    server& operator=(const server&) = delete;

    /// Binds every address; a refusal names the one that could not be bound. Requests are served from here on.
    result<> start();
    /// The port of the first HTTP address, when it was given as 0.
    std::uint16_t port() const noexcept { return port_; }
    std::uint16_t https_port() const noexcept { return https_port_; }

    /// When it returns, every new request is routed by `next`; those in flight end where they are.
    result<> apply(std::shared_ptr<const table> next);

    /// Accepts no more; `drained` is called, on a worker's thread, when the last request has ended.
    void drain(std::function<void()> drained);
    /// Ends whatever is left.
    void stop();

    /// What the control plane is told: for the thread that applies tables.
    reporter& reports() noexcept { return reports_; }

    traffic count() const;
    std::shared_ptr<const route_map> routes() const { return routes_.get(); }

    std::shared_ptr<const certificate_store> certificates() const { return certificates_.get(); }

 private:
    result<> listen(const std::string& list, bool https, std::uint16_t& port);

    options settings_;
    snapshot<route_map> routes_;
    snapshot<certificate_store> certificates_;
    std::vector<certificate> certificates_applied_;
    std::unique_ptr<access_log> log_;
    reporter reports_;
    std::vector<std::unique_ptr<worker>> workers_;
    std::uint16_t port_{0};
    std::uint16_t https_port_{0};
};

}  // namespace gasper::router
