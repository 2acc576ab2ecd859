#include "control/health.hpp"

#include "control/supervision.hpp"

namespace gasper::control {

namespace {

task<> watch(parts& p, std::string container, health_check how) {
    for (int failed = 0;;) {
        co_await sleep_until(deadline::after(how.interval));
        const auto* known = p.running.find(container);
        if (!known || known->state != instance_state::up) co_return;
        // What is frozen answers nobody, and has not failed.
        const auto instance = *known;
        if (p.sleep.sleeps(instance.app)) continue;
        auto seen = co_await p.cluster.check(instance, how, deadline::after(how.timeout + std::chrono::seconds(1)));
        known = p.running.find(container);
        if (!known || known->state != instance_state::up) co_return;
        // An engine that cannot be asked says nothing about the instance.
        const bool failing = !seen && seen.error().code == "unhealthy" && !p.sleep.sleeps(instance.app);
        failed = failing ? failed + 1 : 0;
        if (failed < how.retries) continue;
        co_await instance_failed(p, instance, "is unhealthy: " + seen.error().message);
        co_return;
    }
}

}  // namespace

void watch_health(parts& p, const std::string& container, const health_check& how) {
    const auto* instance = p.running.find(container);
    if (!instance || (instance->port == 0 && how.kind == health_check::probe::port)) return;
    p.background.spawn("health", watch(p, container, how));
}

}  // namespace gasper::control
