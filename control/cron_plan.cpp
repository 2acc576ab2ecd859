#include "control/cron_plan.hpp"

namespace gasper::control {

using std::chrono::sys_seconds;

cron_plan plan_cron(const cron_expression& schedule, const time_zone& in, sys_time seen, sys_time now,
                    std::chrono::seconds grace) {
    constexpr std::size_t most_named = 10;
    constexpr int most_counted = 1000;
    const auto at = std::chrono::floor<std::chrono::seconds>(now);
    cron_plan plan;
    auto from = std::chrono::floor<std::chrono::seconds>(seen);
    for (plan.next = schedule.next(from, in); plan.next && *plan.next <= at; plan.next = schedule.next(from, in)) {
        from = *plan.next;
        plan.missed.push_back(from);
        if (plan.missed.size() > most_named + 1) plan.missed.erase(plan.missed.begin());
        // Far behind: what lies between is not looked at one by one.
        if (++plan.missed_count == most_counted) from = std::max(from, at - grace);
        if (plan.missed_count > 2 * most_counted) break;
    }
    if (!plan.missed.empty() && plan.missed.back() + grace >= at) {
        plan.run = plan.missed.back();
        plan.missed.pop_back();
        --plan.missed_count;
    }
    if (plan.missed.size() > most_named) plan.missed.erase(plan.missed.begin());
    plan.missed_count = std::min(plan.missed_count, most_counted);
    return plan;
}

}  // namespace gasper::control
