#include "gasper/serve.hpp"

#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <cstdio>
#include <thread>

#include "control/drains/drains.hpp"
#include "core/base/bounded_log.hpp"
#include "core/base/rounds.hpp"
#include "gasper/data_plane.hpp"
#include "gasper/role_lock.hpp"

namespace gasper {

using namespace std::chrono_literals;

namespace {

constexpr std::uintmax_t longest_log = 8u << 20;

std::string this_program() {
    return std::filesystem::read_symlink("/proc/self/exe").string();
}

control::options control_settings(const configuration& c, const places& at) {
    control::options o;
    o.data = at.data;
    o.domain = c.domain;
    o.public_host = c.public_host;
    o.public_ipv4.clear();
    for (const auto& address : c.dns.addresses)
        (address.find(':') == std::string::npos ? o.public_ipv4 : o.public_ipv6).push_back(address);
    o.http_port = c.router.http.port;
    o.https_port = c.router.https.port;
    o.ssh_port = c.receiver.ssh.port;
    o.api_address = c.web.api.address;
    o.api_port = c.web.api.port;
    o.limit = c.instances.limit;
    o.reserved = c.instances.reserved;
    o.build_deadline = c.build.deadline;
    o.start_deadline = c.instances.start_deadline;
    o.drain = c.instances.drain;
    o.kept_jobs_time = std::chrono::hours(24 * c.jobs.kept_days);
    o.kept_jobs = static_cast<int>(c.jobs.kept);
    o.stop_grace = c.instances.stop_grace;
    o.sleep_sandboxes = static_cast<int>(c.sleep.sandboxes);
    o.log_size = c.logs.size;
    o.log_age = c.logs.age;
    o.log_rate = c.logs.rate;
    o.smtp_url = c.mail.url;
    o.smtp_from = c.mail.from;
    o.disk_full = static_cast<int>(c.disk_full);
    return o;
}

runtime::stack_options stack_settings(const configuration& c, const places& at, const std::string& owner) {
    runtime::stack_options o;
    o.images = c.stacks.images;
    o.suite = c.stacks.suite;
    o.mirror = c.stacks.mirror;
    o.cache = at.cache / "stacks";
    o.owner = owner;
    return o;
}

buildpacks::builder_options builder_settings(const configuration& c) {
    buildpacks::builder_options o;
    o.limit = c.build.limit;
    return o;
}

engine_settings engine_settings_of(const configuration& c) {
    return {.socket = c.runtime.engine_socket,
            .pool = c.runtime.subnet_pool,
            .open_ports = {c.router.http.port, c.router.https.port}};
}

web::options web_settings_of(const configuration& c) {
    web::options o;
    o.address = c.web.api.address;
    o.port = c.web.api.port;
    o.domain = c.domain;
    o.hosts = {c.public_host};
    o.git_url = "ssh://git@" + c.public_host +
                (c.receiver.ssh.port == 22 ? "" : ":" + std::to_string(c.receiver.ssh.port)) + "/";
    return o;
}

web::options metrics_settings_of(const configuration& c) {
    web::options o;
    o.address = c.web.metrics.address;
    o.port = c.web.metrics.port;
    o.max_connections = 16;
    return o;
}

receiver::server_options receiver_settings_of(const configuration& c, const places& at) {
    receiver::server_options o;
    o.listen = to_string(c.receiver.ssh);
    o.host_keys = at.data / "ssh";
    o.repositories = at.repos;
    return o;
}

secret_box open_box(const places& at) {
    return secret_box::open(at.secret_key).value();
}

// A disk that is full must not keep the control plane from coming back when it is not any more.
database open_store(const places& at, logger& log) {
    for (bool told = false;; told = true) {
        try {
            return database(at.database);
        } catch (const refusal& e) {
            if (e.reason().code != "disk_full") throw;
            if (!told) log.error("the store cannot be opened yet", {{"reason", e.what()}});
        }
        std::this_thread::sleep_for(1s);
    }
}

task_scope::fault_handler report_to(logger& log) {
    return [&log](const std::string& name, const std::string& what) {
        log.error("a task failed", {{"task", name}, {"reason", what}});
    };
}

}  // namespace

std::unique_ptr<control::parts> control_plane::make_parts() {
    // In its place, not moved there: its members refer to each other.
    auto* made = new control::parts{.executor = io_.get_executor(),
                                    .settings = settings_,
                                    .log = log_,
                                    .db = db_,
                                    .box = box_,
                                    .files = files_,
                                    .hashing = hashing_,
                                    .cluster = engine_.cluster,
                                    .services = engine_.services,
                                    .stacks = stacks_,
                                    .builder = builder_,
                                    .tables = tables_,
                                    .jobs = jobs_,
                                    .background = background_};
    return std::unique_ptr<control::parts>(made);
}

control_plane::control_plane(const configuration& config)
    : config_(config),
      at_(config.data),
      log_("serve", config.level),
      box_(open_box(at_)),
      db_(open_store(at_, log_)),
      engine_(io_.get_executor(), at_, engine_settings_of(config), files_, log_),
      stacks_(io_.get_executor(), engine_.client, stack_settings(config, at_, engine_.cluster.id()), log_),
      builder_(engine_.cluster, stacks_, files_, builder_settings(config), log_),
      tables_(io_.get_executor(), {.file = at_.table, .socket = at_.feed}, log_),
      jobs_(io_.get_executor(), db_, {.logs = at_.jobs}, log_),
      background_(io_.get_executor(), report_to(log_)),
      settings_(control_settings(config, at_)),
      platform_(make_parts()),
      scope_(io_.get_executor(), report_to(log_)),
      ssh_(receiver_settings_of(config, at_), platform_, log_),
      web_settings_(web_settings_of(config)),
      web_api_(platform_, box_, web_settings_, log_),
      web_(io_.get_executor(), web_api_, web_settings_, log_),
      metrics_settings_(metrics_settings_of(config)),
      metrics_page_(platform_.metrics(), log_),
      metrics_(io_.get_executor(), metrics_page_, metrics_settings_, log_),
      signals_(io_, SIGTERM, SIGINT) {}

control_plane::~control_plane() = default;

void control_plane::start_data_plane() {
    const auto spawn = [this](const std::string& role, std::vector<std::string> flags) {
        const auto lock = at_.run / (role + ".lock");
        std::vector<std::string> argv{this_program(), role,     "--table", (at_.tables / (role + ".json")).string(),
                                      "--feed",       at_.feed, "--lock",  lock.string()};
        argv.insert(argv.end(), flags.begin(), flags.end());
        data_planes_.push_back(std::make_unique<data_plane>(
            io_.get_executor(),
            data_plane_options{
                .role = role, .argv = std::move(argv), .lock = lock, .log_file = at_.logs / (role + ".log")},
            log_));
        scope_.spawn(role, data_planes_.back()->run());
    };
    std::vector<std::string> http{"--http", to_string(config_.router.http), "--https", to_string(config_.router.https)};
    if (config_.router.access_log)
        http.insert(http.end(), {"--access-log", (at_.logs / "access.log").string()});
    else
        http.push_back("--no-access-log");
    spawn("router", std::move(http));
    spawn("dns", {"--listen", to_string(config_.dns.listen)});
}

// What the processes say is little, but for ever.
task<> control_plane::bound_logs() {
    const auto bound = [this] {
        for (const char* name : {"serve.log", "router.log", "dns.log"})
            bound_log(at_.logs / name, longest_log);
    };
    auto turn = [this, bound] { return files_.run(bound); };
    co_await repeat(log_, "logs", 1h, std::move(turn));
}

// A disk that is full refuses what recovery writes: that is tried again too.
task<result<>> control_plane::connect_and_recover() {
    try {
        auto connected = co_await engine_.cluster.connect(deadline::after(10s));
        if (connected) connected = co_await platform_.recover();
        co_return connected;
    } catch (const refusal& e) {
        co_return e.reason();
    }
}

// The engine may come later than we do: after a reboot nobody promises an order.
task<> control_plane::recover() {
    for (;;) {
        auto connected = co_await connect_and_recover();
        if (connected) co_return;
        log_.error("not recovered yet", {{"reason", connected.error().message}});
        co_await sleep_until(deadline::after(1s));
    }
}

task<> control_plane::start() {
    scope_.spawn("tables", tables_.run());
    start_data_plane();
    scope_.spawn("logs", bound_logs());
    co_await recover();
    scope_.spawn("supervise", platform_.run());
    scope_.spawn("metrics", platform_.metrics().run());
    scope_.spawn("webhooks", platform_.webhooks().run());
    scope_.spawn("drains", platform_.drains().run());
    scope_.spawn("web", web_.run());
    if (metrics_.port() != 0) scope_.spawn("metrics page", metrics_.run());
    scope_.spawn("ssh", ssh_.run());
    log_.info("ready", {{"ssh", to_string(config_.receiver.ssh)},
                        {"http", to_string(config_.router.http)},
                        {"dns", to_string(config_.dns.listen)},
                        {"api", to_string(config_.web.api)},
                        {"metrics", to_string(config_.web.metrics)}});
}

// Apps, router and DNS go on: a stop of the control plane is no event for them.
task<> control_plane::shut_down() {
    log_.info("stopping");
    co_await web_.stop(deadline::after(5s));
    co_await metrics_.stop(deadline::after(5s));
    co_await jobs_.stop(deadline::after(5s));
    co_await background_.stop(deadline::after(5s));
    co_await scope_.stop(deadline::after(5s));
    co_await engine_.cluster.close(deadline::after(5s));
}

task<> control_plane::stop_at_signal() {
    co_await signals_.async_wait(asio::use_awaitable);
    co_await shut_down();
    io_.stop();
}

int control_plane::run() {
    auto held = role_lock::take(at_.run / "serve.lock");
    if (!held) {
        std::fprintf(stderr, "gasper: %s\n", held.error().message.c_str());
        return 75;  // EX_TEMPFAIL
    }
    for (const auto& opened : {web_.listen(), ssh_.open()}) {
        if (opened) continue;
        std::fprintf(stderr, "gasper: %s\n", opened.error().message.c_str());
        return 69;  // EX_UNAVAILABLE
    }
    const auto rethrow = [](std::exception_ptr fault) {
        if (fault) std::rethrow_exception(fault);
    };
    // Apps can do without: the port may be another exporter's.
    if (auto shown = metrics_.listen(); !shown) log_.error("no metrics are shown", {{"reason", shown.error().message}});
    asio::co_spawn(io_, stop_at_signal(), rethrow);
    scope_.spawn("start", start());
    io_.run();
    return 0;
}

int run_serve(const configuration& config) {
    return control_plane(config).run();
}

}  // namespace gasper
