#include "gasper/config_settings.hpp"

#include <algorithm>
#include <array>

#include "gasper/config_values.hpp"

namespace gasper {

namespace {

/// Parses with `Parse` and stores into the member that the path of pointers leads to.
template <auto Parse, auto... Path>
result<> into(configuration& c, std::string_view s) {
    auto value = Parse(s);
    if (!value) return value.error();
    (c.*....*Path) = *std::move(value);
    return {};
}

using c = configuration;
using receiver = c::receiver_group;
using router = c::router_group;
using dns = c::dns_group;
using web = c::web_group;
using runtime = c::runtime_group;
using stacks = c::stacks_group;
using building = c::build_group;
using instances = c::instances_group;
using sleeping = c::sleep_group;
using jobs = c::jobs_group;
using logs = c::logs_group;
using mail = c::mail_group;
namespace v = config_values;

constexpr std::array table{
    setting{"data", "path", "", "where everything is kept. Default: var, or /var/lib/gasper when installed under /usr",
            into<v::text, &c::data>},
    setting{"domain", "host name", "localhost", "apps answer at <app>.<domain>; the DNS server is its authority",
            into<v::host_name, &c::domain>},
    setting{"public_host", "host name", "",
            "how users reach this machine, in addresses that are shown. Default: the domain",
            into<v::host_name, &c::public_host>},
    setting{"log_level", "debug|info|warn|error", "info", "the least that is logged", into<v::level, &c::level>},
    setting{"disk_full", "percent", "90", "a disk that is so full takes no builds; what runs goes on running",
            into<v::percent, &c::disk_full>},

    setting{"ssh_address", "address", "0.0.0.0", "where pushes and commands are received",
            into<v::address, &c::receiver, &receiver::ssh, &endpoint::address>},
    setting{"ssh_port", "port", "2222", "", into<v::port, &c::receiver, &receiver::ssh, &endpoint::port>},

    setting{"http_address", "address", "0.0.0.0", "where the router answers for apps",
            into<v::address, &c::router, &router::http, &endpoint::address>},
    setting{"http_port", "port", "8080", "", into<v::port, &c::router, &router::http, &endpoint::port>},
    setting{"https_address", "address", "0.0.0.0", "the same with TLS",
            into<v::address, &c::router, &router::https, &endpoint::address>},
    setting{"https_port", "port", "8443", "", into<v::port, &c::router, &router::https, &endpoint::port>},
    setting{"access_log", "true|false", "true", "one line for each request",
            into<v::truth, &c::router, &router::access_log>},

    setting{"dns_address", "address", "0.0.0.0", "where names of apps are resolved, over UDP and TCP",
            into<v::address, &c::dns, &dns::listen, &endpoint::address>},
    setting{"dns_port", "port", "5300", "", into<v::port, &c::dns, &dns::listen, &endpoint::port>},
    setting{"public_addresses", "addresses", "127.0.0.1",
            "what names of apps resolve to, IPv4 and IPv6, separated by commas",
            into<v::addresses, &c::dns, &dns::addresses>},

    setting{"api_address", "address", "127.0.0.1", "where the REST API and the dashboard are",
            into<v::address, &c::web, &web::api, &endpoint::address>},
    setting{"api_port", "port", "8000", "", into<v::port, &c::web, &web::api, &endpoint::port>},
    setting{"metrics_address", "address", "127.0.0.1", "where Prometheus reads",
            into<v::address, &c::web, &web::metrics, &endpoint::address>},
    setting{"metrics_port", "port", "9100", "", into<v::port, &c::web, &web::metrics, &endpoint::port>},

    setting{"engine", "unix socket", "",
            "the Docker Engine. Default: unix:///var/run/docker.sock, or engine/docker.sock in the data directory",
            into<v::unix_socket, &c::runtime, &runtime::engine_socket>},
    setting{"subnet_pool", "network", "10.213.0.0/16", "each app's network is a small part of it",
            into<v::subnet, &c::runtime, &runtime::subnet_pool>},

    setting{"stacks.images", "stack: image", "",
            "images to use instead of making them: a language for its run image, <language>-build for the build image",
            into<v::images, &c::stacks, &stacks::images>},
    setting{"stacks.suite", "word", "bookworm", "the Debian release that stack images are made from",
            into<v::word, &c::stacks, &stacks::suite>},
    setting{"stacks.mirror", "URL", "", "the Debian mirror for stack images. Default: what this machine's apt uses",
            into<v::text, &c::stacks, &stacks::mirror>},

    setting{"build_deadline", "duration", "15m", "a build that takes longer fails",
            into<v::duration, &c::build, &building::deadline>},
    setting{"build_memory", "size", "2GiB", "limits of a build",
            into<v::bytes, &c::build, &building::limit, &limits::memory_bytes>},
    setting{"build_cpus", "number", "2", "", into<v::cpus, &c::build, &building::limit, &limits::cpus>},
    setting{"build_processes", "number", "1024", "", into<v::count, &c::build, &building::limit, &limits::processes>},

    setting{"instance_memory", "size", "512MiB", "limits of one instance of an app",
            into<v::bytes, &c::instances, &instances::limit, &limits::memory_bytes>},
    setting{"instance_cpus", "number", "1", "", into<v::cpus, &c::instances, &instances::limit, &limits::cpus>},
    setting{"instance_processes", "number", "256", "",
            into<v::count, &c::instances, &instances::limit, &limits::processes>},
    setting{"instance_disk", "size", "2GiB", "what it may write to its own /app; one that writes more is ended",
            into<v::bytes, &c::instances, &instances::limit, &limits::disk_bytes>},
    setting{"instance_reserved_memory", "size", "",
            "promised to each instance: one whose promise no node can keep is refused. Default: nothing is promised",
            into<v::bytes, &c::instances, &instances::reserved, &resources::memory_bytes>},
    setting{"instance_reserved_cpus", "number", "", "",
            into<v::cpus, &c::instances, &instances::reserved, &resources::cpus>},
    setting{"start_deadline", "duration", "60s", "an instance that does not listen by then makes its deploy fail",
            into<v::duration, &c::instances, &instances::start_deadline>},
    setting{"drain_time", "duration", "30s", "the longest that an old instance gets to finish the requests it has",
            into<v::duration, &c::instances, &instances::drain>},
    setting{"stop_grace", "duration", "30s", "what a process gets between SIGTERM and SIGKILL",
            into<v::duration, &c::instances, &instances::stop_grace>},

    setting{"sleep.sandboxes", "number", "50",
            "so many apps, those stopped in their sleep last, keep their network and start the sooner; 0: none",
            into<v::number, &c::sleep, &sleeping::sandboxes>},

    setting{"kept_jobs_days", "number", "30", "for so long ended jobs, their logs and unreleased builds are kept",
            into<v::count, &c::jobs, &jobs::kept_days>},
    setting{"kept_jobs", "number", "500", "and so many of them per app", into<v::count, &c::jobs, &jobs::kept>},
    setting{"log_size", "size", "16MiB", "what is kept of an app's log, the newest of it",
            into<v::bytes, &c::logs, &logs::size>},
    setting{"log_age", "age", "7d", "how long a line is kept", into<v::age, &c::logs, &logs::age>},
    setting{"log_rate", "bytes a second", "1MiB",
            "an app that says more for longer than a moment loses lines; how many stands in its log",
            into<v::rate, &c::logs, &logs::rate>},

    setting{"smtp_url", "URL", "",
            "the mail server for notifications: smtp://[USER:PASSWORD@]HOST[:587] (with STARTTLS) or smtps://…:465",
            into<v::mail_server, &c::mail, &mail::url>},
    setting{"smtp_from", "address", "", "whom mail is from. Default: gasper@ and the domain",
            into<v::mail_address, &c::mail, &mail::from>},
};

}  // namespace

std::span<const setting> all_settings() {
    return table;
}

std::string setting::environment_name() const {
    std::string text = "GASPER_";
    for (unsigned char ch : name)
        text += ch == '.' ? '_' : static_cast<char>(std::toupper(ch));
    return text;
}

std::string setting::flag_name() const {
    std::string text = "--" + std::string(name);
    std::ranges::replace(text, '_', '-');
    std::ranges::replace(text, '.', '-');
    return text;
}

}  // namespace gasper
