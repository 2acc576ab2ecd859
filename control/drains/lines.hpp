// Lines of a log as drains send them. Values.
#pragma once

#include <string>
#include <vector>

#include "core/logs/entry.hpp"

namespace gasper::control {

/// A syslog message (RFC 5424) with its length before it (octet counting: RFC 5425, RFC 6587). The host is the app, the
/// program "app", "router" or "gasper", the process "web.1"; facility local0; error or informational.
std::string syslog_frame(const log_entry& e, const std::string& app);

/// [{"app", "sequence", "at", "source", "stream", "text"}, …]. Bytes that are no UTF-8 are replaced.
std::string json_batch(const std::vector<log_entry>& lines, const std::string& app);

}  // namespace gasper::control
