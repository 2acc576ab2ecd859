#include "control/autoscaling.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "control/audit.hpp"
#include "control/formation.hpp"
#include "control/parts.hpp"
#include "control/platform.hpp"
#include "control/switch.hpp"
#include "core/store/apps.hpp"

namespace gasper::control {

namespace {

using std::chrono::seconds;

constexpr auto report_gap = seconds(11);  // the router reports every ten seconds while there is traffic
constexpr auto report_age = seconds(25);  // what is older says that there is none

struct scaled {
    std::string process, why;
    int from{0}, to{0};
};

std::string in_words(const std::vector<scaled>& all) {
    std::string text;
    for (const auto& s : all)
        text += fmt::format("{}{} from {} to {}: {}", text.empty() ? "" : "; ", s.process, s.from, s.to, s.why);
    return text;
}

// What is wanted is read when the job's turn has come: a person may have changed it meanwhile, and is right.
task<result<>> run_autoscale(parts& p, app_id id, std::vector<scaled> changes, std::function<void()> failed,
                             job_context& job) {
    auto a = co_await p.db.read([id](SQLite::Database& db) { return store::find_app(db, id); });
    if (!a) co_return fail(errc::not_found, "app_not_found", "the app is gone");
    auto wanted = a->wanted;
    std::erase_if(changes, [&](const scaled& s) { return wanted[s.process] != s.from; });
    if (changes.empty() || a->stopped) co_return result<>();
    for (const auto& s : changes)
        wanted[s.process] = s.to;
    const auto text = in_words(changes);
    job.say("-----> Autoscaling " + a->name + ": " + text);
    auto done = co_await scale_to(p, id, wanted, false, "Autoscaled " + text, job);
    if (!done) {
        failed();
        co_await note(p, id, "Autoscaling failed (" + text + "): " + done.error().message);
        co_return done;
    }
    co_await record(p, "gasper", "app.autoscaled", a->name, text);
    co_return result<>();
}

}  // namespace

task<result<std::vector<autoscale_view>>> autoscaling::list(identity who, std::string name) {
    auto a = co_await platform_.apps().authorize(who, name);
    if (!a) co_return a.error();
    const auto rules = co_await platform_.shared().db.read(
        [id = a->id](SQLite::Database& db) { return store::autoscale_rules_of(db, id); });
    std::vector<autoscale_view> views;
    for (const auto& [process, rule] : rules) {
        autoscale_view v{.process = process, .rule = rule, .load = load_of(*a, process, rule, clock::now())};
        if (const auto wanted = a->wanted.find(process); wanted != a->wanted.end()) v.quantity = wanted->second;
        views.push_back(std::move(v));
    }
    co_return views;
}

task<result<>> autoscaling::set(identity who, std::string name, std::string process, autoscale_rule rule) {
    auto a = co_await platform_.apps().authorize(who, name);
    if (!a) co_return a.error();
    auto& p = platform_.shared();
    if (auto fits = check_rule(rule); !fits) co_return fits;
    const auto r = co_await p.db.read([&](SQLite::Database& db) { return store::find_release(db, p.box, a->current); });
    if (process == "release" || (r && !r->processes.contains(process)))
        co_return fail(errc::invalid, "process_unknown", name + " has no process type " + process + " that could grow");
    if (rule.signal == scale_signal::queue && process != "web")
        co_return fail(errc::invalid, "autoscale_invalid", "only web gets requests: scale " + process + " by its CPU");
    if (r && rule.most > 1 && rules_for(p, *r, process).exclusive)
        co_return fail(errc::invalid, "autoscale_invalid", process + " is exclusive: there is never more than one");
    co_await p.db.transaction([&](SQLite::Database& db) { store::set_autoscale_rule(db, a->id, process, rule); });
    const auto text = process + ": " + gasper::in_words(rule);
    co_await note(p, a->id, "Autoscaling of " + text + ", by " + who.name);
    co_await record(p, who.name, "app.autoscaling", name, text);
    co_return result<>();
}

task<result<>> autoscaling::remove(identity who, std::string name, std::string process) {
    auto a = co_await platform_.apps().authorize(who, name);
    if (!a) co_return a.error();
    auto& p = platform_.shared();
    const bool was = co_await p.db.transaction(
        [&](SQLite::Database& db) { return store::remove_autoscale_rule(db, a->id, process); });
    if (!was) co_return fail(errc::not_found, "autoscale_not_found", process + " of " + name + " is not autoscaled");
    co_await note(p, a->id, "Autoscaling of " + process + " ended by " + who.name);
    co_await record(p, who.name, "app.autoscaling", name, process + ": off");
    co_return result<>();
}

// By Little's law the time that requests took, over the time in which they ended, is how many there were at once;
// those that do not end (long downloads, WebSockets) show among those in flight.
void autoscaling::hear(const std::string& app, const app_traffic& more, clock::time_point at) {
    auto& r = requests_[app];
    const std::chrono::duration<double> since =
        std::clamp<clock::duration>(at - r.at, std::chrono::milliseconds(500), report_gap);
    r.at_once =
        std::max(static_cast<double>(more.latency_us) / 1e6 / since.count(), static_cast<double>(more.in_flight));
    r.at = at;
}

std::optional<double> autoscaling::cpu_load(const app& a, const std::string& process) const {
    const auto measured = platform_.metrics().latest(a.name);
    double cpus = 0;
    std::size_t up = 0, known = 0;
    for (const auto& i : platform_.shared().running.of(a.name)) {
        if (i.process != process || i.state != instance_state::up) continue;
        ++up;
        for (const auto& m : measured) {
            if (m.container != i.container) continue;
            ++known;
            cpus += m.cpus;
        }
    }
    // One that is not measured yet would look idle.
    if (up == 0 || known < up) return std::nullopt;
    return cpus;
}

std::optional<double> autoscaling::load_of(const app& a, const std::string& process, const autoscale_rule& rule,
                                           clock::time_point at) const {
    if (rule.signal == scale_signal::cpu) {
        const auto cpus = cpu_load(a, process);
        const auto w = watched_.find({a.id, process});
        if (!cpus || w == watched_.end() || w->second.cpu_limit <= 0) return std::nullopt;
        return *cpus / w->second.cpu_limit * 100;
    }
    const auto heard = requests_.find(a.name);
    if (heard == requests_.end() || at - heard->second.at > report_age) return 0;
    return heard->second.at_once;
}

task<std::vector<autoscaling::app_rules>> autoscaling::load_rules() {
    auto& p = platform_.shared();
    co_return co_await p.db.read([&](SQLite::Database& db) {
        std::vector<app_rules> all;
        for (auto& [id, rules] : store::all_autoscale_rules(db)) {
            auto a = store::find_app(db, id);
            if (!a || !a->current) continue;
            all.push_back({.of = std::move(*a), .rules = std::move(rules)});
            if (const auto r = store::find_release(db, p.box, all.back().of.current))
                for (const auto& [process, rule] : all.back().rules)
                    all.back().cpus[process] = rules_for(p, *r, process).limit.cpus;
        }
        return all;
    });
}

void autoscaling::forget_all_but(const std::vector<app_rules>& apps) {
    std::set<process_key> there;
    std::set<std::string> names;
    for (const auto& a : apps) {
        names.insert(a.of.name);
        for (const auto& [process, rule] : a.rules)
            there.emplace(a.of.id, process);
    }
    std::erase_if(watched_, [&](const auto& w) { return !there.contains(w.first); });
    std::erase_if(requests_, [&](const auto& r) { return !names.contains(r.first); });
}

formation autoscaling::decide(const app_rules& a, clock::time_point at) {
    formation next;
    for (const auto& [process, rule] : a.rules) {
        const auto wanted = a.of.wanted.find(process);
        if (wanted == a.of.wanted.end() || wanted->second == 0) continue;  // scaled to none: that holds
        const int running = wanted->second;
        auto at_entry = watched_.try_emplace({a.of.id, process}, watched{.rule = rule, .history = scaling_history(at)});
        auto& w = at_entry.first->second;
        if (w.rule != rule || (w.running != running && w.running != 0)) w.history.changed(at);
        w.rule = rule;
        w.running = running;
        if (const auto limit = a.cpus.find(process); limit != a.cpus.end()) w.cpu_limit = limit->second;
        w.load = load_of(a.of, process, rule, at);
        if (w.load) w.history.add({at, *w.load});
        const int n = w.history.wanted(rule, running, at);
        if (n != running && at >= w.not_before) next[process] = n;
    }
    return next;
}

std::string autoscaling::why(const app& a, const std::string& process) const {
    const auto& w = watched_.at({a.id, process});
    if (a.wanted.at(process) < w.rule.least || a.wanted.at(process) > w.rule.most)
        return fmt::format("at least {}, at most {}", w.rule.least, w.rule.most);
    if (w.rule.signal == scale_signal::cpu)
        return fmt::format("{:.0f} % CPU in all, {:g} % wanted of each", w.load.value_or(0), w.rule.target);
    return fmt::format("{:.1f} requests at once, {:g} wanted of each", w.load.value_or(0), w.rule.target);
}

task<> autoscaling::begin_scaling(app a, formation next, clock::time_point at) {
    auto& p = platform_.shared();
    std::vector<scaled> changes;
    for (const auto& [process, n] : next) {
        auto& w = watched_.at({a.id, process});
        changes.push_back({.process = process, .why = why(a, process), .from = w.running, .to = n});
        w.history.changed(at);
    }
    std::function<void()> failed = [this, id = a.id, next, at] {
        for (const auto& [process, n] : next)
            if (const auto w = watched_.find({id, process}); w != watched_.end())
                w->second.not_before = at + w->second.rule.cooldown;
    };
    const nlohmann::json input(next);
    job description{.kind = "autoscale", .key = a.name, .input = input.dump(), .user = "gasper"};
    auto run = [&p, id = a.id, changes, failed](job_context& job) {
        return run_autoscale(p, id, changes, failed, job);
    };
    auto begun = co_await p.jobs.start(std::move(description), std::move(run));
    if (!begun) p.log.warn("autoscaling did not begin", {{"app", a.name}, {"reason", begun.error().message}});
}

task<> autoscaling::look(clock::time_point at) {
    auto& p = platform_.shared();
    const auto apps = co_await load_rules();
    forget_all_but(apps);
    for (const auto& a : apps) {
        // What a job changes, or sleeps, or was stopped, is not to be judged by its load.
        if (a.of.stopped || p.sleep.sleeps(a.of.name) || p.jobs.busy(a.of.name)) {
            for (const auto& [process, rule] : a.rules)
                if (const auto w = watched_.find({a.of.id, process}); w != watched_.end())
                    w->second.history.changed(at);
            continue;
        }
        auto next = decide(a, at);
        if (!next.empty()) co_await begin_scaling(a.of, std::move(next), at);
    }
}

task<> autoscaling::run() {
    for (;;) {
        co_await sleep_until(deadline::after(interval));
        co_await look(clock::now());
    }
}

}  // namespace gasper::control
