#include "control/logs/app_logs.hpp"

namespace gasper::control {

using namespace std::chrono_literals;

namespace {

log_store_options store_options(const options& o) {
    return {.directory = o.data / "logs" / "apps",
            .limits = {.size = static_cast<std::uint64_t>(o.log_size),
                       .age = std::chrono::duration_cast<std::chrono::seconds>(o.log_age)}};
}

}  // namespace

app_logs::app_logs(const options& settings, const fleet& running, runtime::cluster& cluster, task_scope& background,
                   logger& log)
    : settings_(settings),
      running_(running),
      cluster_(cluster),
      background_(background),
      log_(log),
      store_(store_options(settings)),
      ended_(background.executor()) {
    ended_.expires_at(asio::steady_timer::time_point::max());
}

std::shared_ptr<log_flow> app_logs::flow_of(const std::string& app) {
    auto& flow = flows_[app];
    if (!flow) flow = std::make_shared<log_flow>(static_cast<double>(settings_.log_rate));
    return flow;
}

void app_logs::follow(const runtime::observed_instance& instance) {
    if (!store_.knows(instance.app)) return;
    auto& collector = collectors_[instance.container];
    if (collector) return collector->hurry();
    log_collector::wiring wiring{.executor = background_.executor(),
                                 .cluster = cluster_,
                                 .store = store_,
                                 .log = log_,
                                 .lives =
                                     [this](const std::string& container) {
                                         const auto* i = running_.find(container);
                                         return i && i->state != instance_state::stopping &&
                                                i->state != instance_state::crashed && i->state != instance_state::down;
                                     },
                                 .on_drop =
                                     [this](const std::string& app) {
                                         auto flow = flow_of(app);
                                         if (!std::exchange(flow->saying, true))
                                             background_.spawn("dropped lines", say_dropped(app, flow));
                                     }};
    collector = std::make_shared<log_collector>(std::move(wiring), instance, flow_of(instance.app));
    background_.spawn("log of " + instance.name, collect(collector, instance.container));
}

task<> app_logs::collect(std::shared_ptr<log_collector> collector, std::string container) {
    co_await collector->run();
    collectors_.erase(container);
    ended_.cancel();
}

task<> app_logs::say_dropped(std::string app, std::shared_ptr<log_flow> flow) {
    co_await sleep_until(deadline::after(1s));
    flow->saying = false;
    say(app, now(), std::to_string(std::exchange(flow->dropped, 0)) + " lines dropped (too fast)");
}

task<> app_logs::drained(std::string container, deadline until) {
    for (;;) {
        const auto at = collectors_.find(container);
        if (at == collectors_.end() || until.expired()) co_return;
        at->second->hurry();
        boost::system::error_code ended;
        ended_.expires_at(std::min(until.at(), deadline::clock::now() + 100ms));
        co_await ended_.async_wait(asio::redirect_error(asio::use_awaitable, ended));
        if ((co_await asio::this_coro::cancellation_state).cancelled() != asio::cancellation_type::none) co_return;
    }
}

void app_logs::remove(const std::string& app) {
    store_.remove(app);
    flows_.erase(app);
    if (router_) router_->forget(app);
}

void app_logs::say(const std::string& app, sys_time at, std::string text, std::int64_t id) {
    store_.append(
        app,
        {.at = at, .source = "gasper", .text = std::move(text), .origin = id > 0 ? "events" : "", .place = {id, 0}});
}

void app_logs::say_output(const std::string& app, const std::string& process, std::string_view text) {
    if (!flow_of(app)->kept.take(text.size(), byte_budget::clock::now())) {
        auto flow = flow_of(app);
        ++flow->dropped;
        if (!std::exchange(flow->saying, true)) background_.spawn("dropped lines", say_dropped(app, flow));
        return;
    }
    store_.append(app, {.at = log_now(), .source = "app[" + process + "]", .text = std::string(text)});
}

void app_logs::follow_router(std::map<std::string, sys_time> apps_created) {
    std::map<std::string, log_time> created(apps_created.begin(), apps_created.end());
    router_ = std::make_unique<access_tail>(settings_.data / "logs" / "access.log", std::move(created), store_,
                                            static_cast<double>(settings_.log_rate));
}

}  // namespace gasper::control
