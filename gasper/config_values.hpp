// How each type of setting is written. A parser takes the whole text and says what it expected instead.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/log.hpp"

namespace gasper::config_values {

result<std::string> text(std::string_view s);
result<std::string> host_name(std::string_view s);               // RFC 1123, lower-cased, at most 253 bytes
result<std::string> address(std::string_view s);                 // numeric IPv4 or IPv6
result<std::vector<std::string>> addresses(std::string_view s);  // separated by commas
result<std::uint16_t> port(std::string_view s);                  // 1 … 65535
result<std::chrono::milliseconds> duration(std::string_view s);  // "500ms", "60s", "5m", "1h"; 1 ms … 24 h
result<std::int64_t> bytes(std::string_view s);                  // "512MiB", "1GiB"; at least 16 MiB
result<std::chrono::milliseconds> age(std::string_view s);       // "12h", "7d"; 1 h … 3650 d
result<std::int64_t> rate(std::string_view s);                   // bytes a second: "512KiB", "1MiB"; 64 KiB … 64 MiB
result<std::int64_t> count(std::string_view s);                  // 1 … 1,000,000
result<std::int64_t> number(std::string_view s);                 // 0 … 10,000
result<std::int64_t> percent(std::string_view s);                // 20 … 99
result<std::string> mail_server(std::string_view s);             // "smtp://…" or "smtps://…"
result<std::string> mail_address(std::string_view s);            // "ann@example.org"
result<double> cpus(std::string_view s);                         // 0.01 … 1024
result<bool> truth(std::string_view s);                          // true|yes|on, false|no|off
result<log_level> level(std::string_view s);
result<std::string> unix_socket(std::string_view s);  // "unix:///run/docker.sock" → "/run/docker.sock"
result<std::string> subnet(std::string_view s);       // IPv4 "10.0.0.0/8" … "/24", no host bits
result<std::string> word(std::string_view s);         // [a-z0-9.-]+
result<std::map<std::string, std::string>> images(std::string_view s);  // "python=ref,go-build=ref"

/// Edit distance of at most 3, for "did you mean"; empty when nothing is near.
std::string nearest(std::string_view wrong, const std::vector<std::string_view>& known);

}  // namespace gasper::config_values
