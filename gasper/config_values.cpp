#include "gasper/config_values.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <numeric>
#include <span>
#include <utility>

#include "core/model/mail_address.hpp"

namespace gasper::config_values {

namespace {

error wrong(std::string_view s, std::string_view expected) {
    return fail(errc::invalid, "config_invalid", fmt::format("'{}' is not {}", s, expected));
}

std::string_view trim(std::string_view s) {
    auto first = s.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return s.substr(first, s.find_last_not_of(" \t") - first + 1);
}

std::vector<std::string_view> split(std::string_view s, char by) {
    std::vector<std::string_view> parts;
    while (!trim(s).empty()) {
        auto end = std::min(s.find(by), s.size());
        parts.push_back(trim(s.substr(0, end)));
        s.remove_prefix(std::min(end + 1, s.size()));
    }
    return parts;
}

/// A number at the front and the rest as its unit.
template <class Number>
bool read_number(std::string_view s, Number& value, std::string_view& unit) {
    auto [end, failed] = std::from_chars(s.data(), s.data() + s.size(), value);
    if (failed != std::errc()) return false;
    unit = trim(std::string_view(end, s.data() + s.size()));
    return true;
}

struct unit_size {
    std::string_view name;
    std::int64_t size;
};

/// value × the unit's size, or -1 when there is no such unit or it does not fit.
std::int64_t scaled(std::string_view s, std::span<const unit_size> units) {
    std::int64_t value = 0;
    std::string_view unit;
    if (!read_number(s, value, unit) || value < 0) return -1;
    auto found = std::ranges::find(units, unit, &unit_size::name);
    std::int64_t product = 0;
    if (found == units.end() || __builtin_mul_overflow(value, found->size, &product)) return -1;
    return product;
}

bool is_label(std::string_view s) {
    auto ok = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
    return !s.empty() && s.size() <= 63 && s.front() != '-' && s.back() != '-' && std::ranges::all_of(s, ok);
}

bool is_ipv4(std::string_view s, in_addr& into) {
    return inet_pton(AF_INET, std::string(s).c_str(), &into) == 1;
}

}  // namespace

result<std::string> text(std::string_view s) {
    return std::string(s);
}

result<std::string> host_name(std::string_view s) {
    std::string name(s);
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    std::string_view rest = name;
    bool good = !rest.empty() && rest.size() <= 253;
    while (good && !rest.empty()) {
        auto dot = rest.find('.');
        good = is_label(rest.substr(0, dot)) && dot != rest.size() - 1;
        rest = dot == std::string_view::npos ? std::string_view{} : rest.substr(dot + 1);
    }
    if (!good) return wrong(s, "a host name, such as 'apps.example.org' (letters, digits, '-', no final dot)");
    return name;
}

result<std::string> address(std::string_view s) {
    in6_addr v6{};
    in_addr v4{};
    std::string copy(s);
    if (!is_ipv4(s, v4) && inet_pton(AF_INET6, copy.c_str(), &v6) != 1) {
        return wrong(s, "a numeric IPv4 or IPv6 address, such as '127.0.0.1' or '::1'");
    }
    return copy;
}

result<std::vector<std::string>> addresses(std::string_view s) {
    std::vector<std::string> all;
    for (auto part : split(s, ',')) {
        auto one = address(part);
        if (!one) return one.error();
        all.push_back(*one);
    }
    if (all.empty() || all.size() > 16) return wrong(s, "a list of 1 to 16 addresses, separated by commas");
    return all;
}

result<std::uint16_t> port(std::string_view s) {
    std::uint32_t value = 0;
    std::string_view unit;
    if (!read_number(s, value, unit) || !unit.empty() || value < 1 || value > 65535) {
        return wrong(s, "a port between 1 and 65535");
    }
    return static_cast<std::uint16_t>(value);
}

result<std::chrono::milliseconds> duration(std::string_view s) {
    static constexpr std::array units{unit_size{"ms", 1}, unit_size{"s", 1000}, unit_size{"m", 60'000},
                                      unit_size{"h", 3'600'000}};
    auto value = scaled(s, units);
    if (value < 1 || value > 24 * 3'600'000)
        return wrong(s, "a duration with its unit, 1ms to 24h, such as '60s' or '5m'");
    return std::chrono::milliseconds(value);
}

result<std::int64_t> bytes(std::string_view s) {
    static constexpr std::array units{unit_size{"MiB", 1ll << 20}, unit_size{"M", 1ll << 20},
                                      unit_size{"GiB", 1ll << 30}, unit_size{"G", 1ll << 30}};
    auto value = scaled(s, units);
    // The engine refuses less than 6 MiB; nothing useful runs in less than 16.
    if (value < 16ll << 20) return wrong(s, "a size with its unit, 16MiB or more, such as '512MiB' or '2GiB'");
    return value;
}

result<std::chrono::milliseconds> age(std::string_view s) {
    static constexpr std::array units{unit_size{"h", 1}, unit_size{"d", 24}};
    const auto hours = scaled(s, units);
    if (hours < 1 || hours > 3650 * 24) return wrong(s, "an age with its unit, 1h to 3650d, such as '12h' or '7d'");
    return std::chrono::hours(hours);
}

result<std::int64_t> rate(std::string_view s) {
    static constexpr std::array units{unit_size{"KiB", 1 << 10}, unit_size{"MiB", 1 << 20}};
    const auto value = scaled(s, units);
    if (value < 64 << 10 || value > 64 << 20)
        return wrong(s, "bytes a second with their unit, 64KiB to 64MiB, such as '512KiB' or '1MiB'");
    return value;
}

result<std::int64_t> count(std::string_view s) {
    std::int64_t value = 0;
    std::string_view unit;
    if (!read_number(s, value, unit) || !unit.empty() || value < 1 || value > 1'000'000) {
        return wrong(s, "a whole number between 1 and 1000000");
    }
    return value;
}

result<std::int64_t> number(std::string_view s) {
    std::int64_t value = 0;
    std::string_view unit;
    if (!read_number(s, value, unit) || !unit.empty() || value < 0 || value > 10'000)
        return wrong(s, "a whole number between 0 and 10000");
    return value;
}

result<std::int64_t> percent(std::string_view s) {
    std::int64_t value = 0;
    std::string_view unit;
    if (!read_number(s, value, unit) || !(unit.empty() || unit == "%") || value < 20 || value > 99)
        return wrong(s, "a share between 20 and 99 percent, such as '90'");
    return value;
}

result<std::string> mail_server(std::string_view s) {
    const bool known = s.starts_with("smtp://") || s.starts_with("smtps://");
    // What is wrong is not repeated: a password may stand in it.
    if (!known || s.find_first_of(" \t\r\n") != s.npos)
        return fail(errc::invalid, "config_invalid",
                    "a mail server is smtp://HOST or smtps://HOST, with USER:PASSWORD@ if it asks");
    return std::string(s);
}

result<std::string> mail_address(std::string_view s) {
    if (!is_mail_address(s)) return wrong(s, "a mail address, such as 'gasper@example.org'");
    return std::string(s);
}

result<double> cpus(std::string_view s) {
    double value = 0;
    std::string_view unit;
    if (!read_number(s, value, unit) || !unit.empty() || !(value >= 0.01 && value <= 1024)) {
        return wrong(s, "a number of CPUs between 0.01 and 1024, such as '0.5'");
    }
    return value;
}

result<bool> truth(std::string_view s) {
    if (s == "true" || s == "yes" || s == "on") return true;
    if (s == "false" || s == "no" || s == "off") return false;
    return wrong(s, "'true' or 'false'");
}

result<log_level> level(std::string_view s) {
    if (s == "debug") return log_level::debug;
    if (s == "info") return log_level::info;
    if (s == "warn") return log_level::warn;
    if (s == "error") return log_level::error;
    return wrong(s, "one of 'debug', 'info', 'warn', 'error'");
}

result<std::string> unix_socket(std::string_view s) {
    constexpr std::string_view scheme = "unix://";
    constexpr std::size_t longest = 107;  // sockaddr_un::sun_path
    std::string_view path = s.starts_with(scheme) ? s.substr(scheme.size()) : s;
    if (!path.starts_with('/')) return wrong(s, "a Unix socket, such as 'unix:///var/run/docker.sock'");
    if (path.size() > longest) return wrong(s, "a Unix socket path of at most 107 bytes");
    return std::string(path);
}

result<std::string> subnet(std::string_view s) {
    auto slash = s.find('/');
    in_addr network{};
    std::uint32_t prefix = 0;
    std::string_view unit;
    bool good = slash != std::string_view::npos && is_ipv4(s.substr(0, slash), network) &&
                read_number(s.substr(slash + 1), prefix, unit) && unit.empty() && prefix >= 8 && prefix <= 24 &&
                (ntohl(network.s_addr) & ((1u << (32 - prefix)) - 1)) == 0;
    if (!good) return wrong(s, "an IPv4 network of /8 to /24 without host bits, such as '10.213.0.0/16'");
    return std::string(s);
}

result<std::string> word(std::string_view s) {
    auto ok = [](unsigned char c) { return std::isalnum(c) != 0 || c == '.' || c == '-'; };
    if (s.empty() || !std::ranges::all_of(s, ok)) return wrong(s, "a word of letters, digits, '.' and '-'");
    return std::string(s);
}

result<std::map<std::string, std::string>> images(std::string_view s) {
    static constexpr std::array languages{"static", "php", "python", "node", "go", "ruby"};
    std::map<std::string, std::string> all;
    for (auto part : split(s, ',')) {
        auto equals = part.find('=');
        auto name = std::string(trim(part.substr(0, equals)));
        auto stem = name.ends_with("-build") ? name.substr(0, name.size() - 6) : name;
        if (equals == std::string_view::npos || trim(part.substr(equals + 1)).empty()) {
            return wrong(part, "a stack and its image, such as 'python=registry.example/python:3.12'");
        }
        if (std::ranges::find(languages, stem) == languages.end()) {
            return wrong(name, "a stack: static, php, python, node, go or ruby, or one of these with '-build'");
        }
        all[name] = trim(part.substr(equals + 1));
    }
    return all;
}

std::string nearest(std::string_view wrong_name, const std::vector<std::string_view>& known) {
    constexpr std::size_t far = 4, longest = 64;
    std::size_t least = far;
    std::string_view best;
    if (wrong_name.size() > longest) return {};
    for (auto name : known) {
        std::vector<std::size_t> row(name.size() + 1);
        std::iota(row.begin(), row.end(), 0u);
        for (std::size_t i = 0; i < wrong_name.size(); ++i) {
            std::size_t diagonal = std::exchange(row[0], i + 1);
            for (std::size_t j = 0; j < name.size(); ++j) {
                auto replaced = diagonal + (wrong_name[i] == name[j] ? 0 : 1);
                diagonal = row[j + 1];
                row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
            }
        }
        if (row.back() < least) {
            least = row.back();
            best = name;
        }
    }
    return std::string(best);
}

}  // namespace gasper::config_values
