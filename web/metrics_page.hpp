// What Prometheus reads, on a port of its own: /metrics, in its text format. No login: it listens on loopback unless
// the configuration says otherwise. On the control executor.
#pragma once

#include "core/base/log.hpp"
#include "web/application.hpp"

namespace gasper::control {
class metrics;
}

namespace gasper::web {

class metrics_page final : public application {
 public:
    metrics_page(control::metrics& metrics, logger& log) : metrics_(metrics), log_(log) {}

    task<response> handle(request r) override;
    std::size_t body_limit(const request&) override { return 0; }

 private:
    control::metrics& metrics_;
    logger& log_;
};

}  // namespace gasper::web
