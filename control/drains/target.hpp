// Where a drain sends to: a syslog server or a web server. On the control executor.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "control/outbound.hpp"
#include "control/webhooks/poster.hpp"
#include "core/base/deadline.hpp"
#include "core/base/error.hpp"
#include "core/logs/entry.hpp"

namespace gasper::control {

struct drain_address {
    enum class protocol { syslog, https };
    protocol kind{protocol::syslog};
    web_address server;         // its target is of https only
    std::string authorization;  // of https: the header's value, from the address's user; empty: none
    std::string shown;          // without what may be secret
};

/// "syslog+tls://host[:6514]", "syslog://host[:514]", "https://[user:password@]host[:port][/path][?query]" or http.
result<drain_address> parse_drain_address(const std::string& url);

class drain_target {
 public:
    virtual ~drain_target() = default;
    /// All of these lines, in order. On refusal some may have arrived: send them again.
    virtual task<result<>> send(std::vector<log_entry> lines, deadline until) = 0;
    /// Since the last send() it has shown that what was sent may be lost. Asked once for each time.
    virtual task<bool> broken() = 0;
    /// When so long after a send() nothing was broken, what it sent was received.
    virtual std::chrono::milliseconds settles() const = 0;
};

/// `anywhere`: private addresses too.
std::unique_ptr<drain_target> make_drain_target(drain_address to, std::string app, bool anywhere);

}  // namespace gasper::control
