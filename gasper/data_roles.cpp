#include <sys/resource.h>
#include <CLI/CLI.hpp>

#include <cstdio>
#include <optional>

#include "dns/run.hpp"
#include "gasper/config_values.hpp"
#include "gasper/role_lock.hpp"
#include "gasper/roles.hpp"
#include "router/run.hpp"

namespace gasper {

namespace {

struct table_flags {
    std::string table, feed, lock;
};

void add_table_flags(CLI::App& cli, table_flags& to) {
    cli.add_option("--table", to.table, "the table file, taken anew whenever it is replaced")->required();
    cli.add_option("--feed", to.feed, "the control plane's feed; the table file then keeps the last table");
    cli.add_option("--lock", to.lock, "a file that is locked while this runs");
}

std::optional<int> parse(CLI::App& cli, const std::vector<std::string>& arguments) {
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    try {
        cli.parse(reversed);
    } catch (const CLI::ParseError& e) {
        return cli.exit(e) == 0 ? 0 : 64;
    }
    return std::nullopt;
}

result<dns::listen_address> listen_address_of(const std::string& text) {
    const auto colon = text.rfind(':');
    std::string host = text.substr(0, std::min(colon, text.size()));
    if (host.size() > 1 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
    auto address = config_values::address(host);
    auto port = config_values::port(colon == std::string::npos ? "" : text.substr(colon + 1));
    if (address && port) return dns::listen_address{*address, *port};
    return fail(errc::invalid, "address_invalid", text + " is not ADDRESS:PORT");
}

constexpr int ahead_of_others = -10;  // niceness

// Runs the role under its lock.
template <class Run>
int locked(const std::string& lock, Run run) {
    if (lock.empty()) return run();
    auto held = role_lock::take(lock);
    if (!held) {
        std::fprintf(stderr, "gasper: %s\n", held.error().message.c_str());
        return 75;  // EX_TEMPFAIL
    }
    // Requests go before builds and proofs of backups. Refused to who is not root: it works without.
    (void)::setpriority(PRIO_PROCESS, 0, ahead_of_others);
    return run();
}

}  // namespace

int run_router(const std::vector<std::string>& arguments) {
    CLI::App cli("the HTTP router", "gasper router");
    table_flags flags;
    add_table_flags(cli, flags);
    router::options o;
    bool quiet = false;
    cli.add_option("--http", o.http_address, "where to listen for HTTP, ADDRESS:PORT")->capture_default_str();
    cli.add_option("--https", o.https_address, "where to listen for HTTPS, ADDRESS:PORT; none when not given");
    cli.add_option("--access-log", o.access_file, "where lines of requests go; standard output when not given");
    cli.add_flag("--no-access-log", quiet, "no line per request");
    unsigned wake_seconds = 30;
    cli.add_option("--wake-timeout", wake_seconds, "seconds that requests are held for a sleeping app")
        ->capture_default_str()
        ->check(CLI::Range(1u, 3600u));
    if (auto status = parse(cli, arguments)) return *status;
    o.wake_timeout = std::chrono::seconds(wake_seconds);
    o.table_file = flags.table;
    o.feed_socket = flags.feed;
    o.access_log = !quiet;
    return locked(flags.lock, [&] { return router::run(o); });
}

int run_dns(const std::vector<std::string>& arguments) {
    CLI::App cli("the DNS server", "gasper dns");
    table_flags flags;
    add_table_flags(cli, flags);
    dns::options o;
    std::vector<std::string> listen{"0.0.0.0:5300"};
    cli.add_option("--listen", listen, "where to listen, ADDRESS:PORT; may be repeated")->capture_default_str();
    if (auto status = parse(cli, arguments)) return *status;
    for (const auto& text : listen) {
        auto at = listen_address_of(text);
        if (!at) {
            std::fprintf(stderr, "gasper: %s\n", at.error().message.c_str());
            return 64;
        }
        o.listen.push_back(*at);
    }
    o.table_file = flags.table;
    o.feed_socket = flags.feed;
    return locked(flags.lock, [&] { return dns::run(o); });
}

}  // namespace gasper
