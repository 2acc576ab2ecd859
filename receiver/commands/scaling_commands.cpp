#include <fmt/format.h>

#include "control/views/views.hpp"
#include "receiver/commands/handlers.hpp"
#include "receiver/commands/option_reader.hpp"

namespace gasper::receiver {

namespace {

std::string load_words(const control::autoscale_view& v) {
    if (!v.load) return "not measured yet";
    return v.rule.signal == scale_signal::cpu ? fmt::format("{:.0f} % in all", *v.load)
                                              : fmt::format("{:.1f} requests at once", *v.load);
}

result<autoscale_rule> rule_of(const command_call& call) {
    option_reader options(call);
    if (call.has("queue") == call.has("cpu"))
        return fail(errc::invalid, "usage", "Either --queue REQUESTS or --cpu PERCENT.");
    const auto least = options.number<int>("min"), most = options.number<int>("max");
    autoscale_rule rule;
    rule.signal = call.has("cpu") ? scale_signal::cpu : scale_signal::queue;
    rule.target = options.number<double>(call.has("cpu") ? "cpu" : "queue").value_or(0);
    rule.cooldown = options.time("cooldown").value_or(rule.cooldown);
    if (options.fault) return *options.fault;
    if (!most) return fail(errc::invalid, "usage", "Say how many at most: --max 5.");
    rule.least = least.value_or(1);
    rule.most = *most;
    return rule;
}

task<result<>> change_rule(command_call& call) {
    const auto process = call.arguments[0];
    if (call.has("off")) co_return co_await call.platform.autoscaling().remove(call.who, call.app, process);
    auto rule = rule_of(call);
    if (!rule) co_return rule.error();
    co_return co_await call.platform.autoscaling().set(call.who, call.app, process, *rule);
}

task<result<>> run_ps_autoscale(command_call& call) {
    if (!call.arguments.empty()) {
        auto changed = co_await change_rule(call);
        if (!changed) co_return changed;
    }
    auto all = co_await call.platform.autoscaling().list(call.who, call.app);
    if (!all) co_return all.error();
    if (call.json) {
        call.print(json_text(control::as_json(*all)));
        co_return result<>{};
    }
    std::vector<std::vector<std::string>> rows;
    for (const auto& v : *all)
        rows.push_back({v.process + ":", in_words(v.rule), fmt::format("{} wanted", v.quantity), load_words(v)});
    call.print(rows.empty() ? "Nothing of " + call.app + " is autoscaled.\n" : columns(rows));
    co_return result<>{};
}

}  // namespace

std::vector<command> scaling_commands() {
    return {{"ps:autoscale",
             "APP [PROCESS (--max N [--min 1] (--queue REQUESTS|--cpu PERCENT) [--cooldown SECONDS]|--off)]",
             "run more or fewer instances by what they have to do",
             true,
             0,
             1,
             {{"min", 0, true},
              {"max", 0, true},
              {"queue", 0, true},
              {"cpu", 0, true},
              {"cooldown", 0, true},
              {"off", 0, false}},
             run_ps_autoscale}};
}

}  // namespace gasper::receiver
