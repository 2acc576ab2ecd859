#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>

#include "control/views/views.hpp"
#include "receiver/commands/handlers.hpp"
#include "receiver/commands/option_reader.hpp"

namespace gasper::receiver {

namespace {

using std::chrono::seconds;

std::string as_words(const control::process_view& v) {
    const auto& h = v.rules.health;
    if (h.kind == health_check::probe::http) return "GET " + h.path;
    if (h.kind == health_check::probe::command) return h.command;
    return v.process == "web" ? "its port accepts" : "it runs";
}

std::string disk_words(const process_rules& r) {
    return r.limit.disk_bytes == 0 ? "-" : fmt::format("{} MiB", r.limit.disk_bytes >> 20);
}

std::string reserved_words(const process_rules& r) {
    return fmt::format("{} MiB, {:g} CPUs", r.reserved_memory >> 20, r.reserved_cpus);
}

// "exclusive, on disk=ssd"
std::string remarks(const process_rules& r) {
    std::string words = r.exclusive ? "exclusive" : "";
    for (const auto& [name, value] : r.nodes)
        words += (words.empty() ? "on " : ", on ") + name + "=" + value;
    return words;
}

task<result<>> report(command_call& call, result<job_id> id, std::string done) {
    if (!id) co_return id.error();
    auto ended = co_await finish_job(call, *id);
    if (!ended) co_return ended.error();
    if (call.json)
        call.print(json_text(nlohmann::json{{"job", id->value}, {"state", "succeeded"}}));
    else
        call.print(done + "\n");
    co_return result<>{};
}

// "web=2"
result<formation> parse_quantities(const std::vector<std::string>& words) {
    formation wanted;
    for (const auto& word : words) {
        const auto equals = word.find('=');
        int quantity = 0;
        const char* end = word.data() + word.size();
        const auto parsed = equals == word.npos ? std::from_chars_result{nullptr, std::errc::invalid_argument}
                                                : std::from_chars(word.data() + equals + 1, end, quantity);
        if (parsed.ec != std::errc() || parsed.ptr != end || equals == 0)
            return fail(errc::invalid, "usage", "Say how many of what, such as web=2, not " + word + ".");
        wanted[word.substr(0, equals)] = quantity;
    }
    return wanted;
}

task<result<control::process_view>> find_process(command_call& call, std::string process) {
    auto all = co_await call.platform.formations().list(call.who, call.app);
    if (!all) co_return all.error();
    for (auto& v : *all)
        if (v.process == process) co_return v;
    co_return fail(errc::invalid, "process_unknown", call.app + " has no process type " + process + ".");
}

}  // namespace

task<result<>> run_ps_scale(command_call& call) {
    if (!call.arguments.empty()) {
        auto wanted = parse_quantities(call.arguments);
        if (!wanted) co_return wanted.error();
        if (!call.json) call.print("Scaling " + call.app + "... ");
        auto id = co_await call.platform.formations().scale(call.who, call.app, *wanted);
        co_return co_await report(call, id, "done");
    }
    auto all = co_await call.platform.formations().list(call.who, call.app);
    if (!all) co_return all.error();
    if (call.json) {
        call.print(json_text(control::as_json(*all)));
        co_return result<>{};
    }
    std::vector<std::vector<std::string>> rows;
    for (const auto& v : *all)
        rows.push_back({v.process + ":", std::to_string(v.quantity), fmt::format("{} up", v.up)});
    call.print(columns(rows));
    co_return result<>{};
}

task<result<>> run_ps_stop(command_call& call) {
    if (!call.json) call.print("Stopping " + call.app + "... ");
    auto id = co_await call.platform.formations().stop(call.who, call.app);
    co_return co_await report(call, id, "done");
}

task<result<>> run_ps_start(command_call& call) {
    if (!call.json) call.print("Starting " + call.app + "... ");
    auto id = co_await call.platform.formations().start(call.who, call.app);
    co_return co_await report(call, id, "done");
}

task<result<>> run_ps_limits(command_call& call) {
    option_reader options(call);
    process_settings said{.memory_bytes = options.size("memory", parse_memory),
                          .cpus = options.number<double>("cpus"),
                          .processes = options.number<std::int64_t>("processes"),
                          .disk_bytes = options.size("disk", parse_disk),
                          .reserved_memory = options.size("reserve-memory", parse_reservation),
                          .reserved_cpus = options.number<double>("reserve-cpus"),
                          .nodes = options.labels("nodes"),
                          .stop_timeout = options.time("stop-timeout")};
    if (call.has("exclusive")) said.exclusive = true;
    if (call.has("shared")) said.exclusive = false;
    if (options.fault) co_return *options.fault;
    const bool reset = call.has("reset");
    if (!call.arguments.empty() && (reset || said != process_settings{})) {
        if (!call.json) call.print("Setting limits of " + call.arguments[0] + ", restarting " + call.app + "... ");
        auto id = co_await call.platform.formations().set(call.who, call.app, call.arguments[0], said, reset);
        co_return co_await report(call, id, "done");
    }
    auto all = co_await call.platform.formations().list(call.who, call.app, true);
    if (!all) co_return all.error();
    if (call.json) {
        call.print(json_text(control::as_json(*all)));
        co_return result<>{};
    }
    std::vector<std::vector<std::string>> rows{
        {"", "memory", "cpus", "processes", "disk", "reserved", "stop timeout", ""}};
    for (const auto& v : *all)
        rows.push_back({v.process + ":", fmt::format("{} MiB", v.rules.limit.memory_bytes >> 20),
                        fmt::format("{}", v.rules.limit.cpus), std::to_string(v.rules.limit.processes),
                        disk_words(v.rules), reserved_words(v.rules), fmt::format("{} s", v.rules.stop_timeout.count()),
                        remarks(v.rules)});
    call.print(columns(rows));
    co_return result<>{};
}

task<result<>> run_checks(command_call& call) {
    auto all = co_await call.platform.formations().list(call.who, call.app);
    if (!all) co_return all.error();
    if (call.json) {
        call.print(json_text(control::as_json(*all)));
        co_return result<>{};
    }
    std::vector<std::vector<std::string>> rows{{"", "well when", "every", "timeout", "attempts", "start deadline"}};
    for (const auto& v : *all) {
        const auto& h = v.rules.health;
        rows.push_back({v.process + ":", as_words(v), fmt::format("{} s", h.interval.count()),
                        fmt::format("{} s", h.timeout.count()), std::to_string(h.retries),
                        fmt::format("{} s", h.start_deadline.count())});
    }
    call.print(columns(rows));
    co_return result<>{};
}

task<result<>> run_checks_set(command_call& call) {
    auto before = co_await find_process(call, call.arguments[0]);
    if (!before) co_return before.error();
    auto h = before->rules.health;
    if (call.has("path") + call.has("command") + call.has("port") > 1)
        co_return fail(errc::invalid, "usage", "One of --path, --command and --port.");
    if (call.has("path"))
        h = {health_check::probe::http, call.options["path"], "", h.interval, h.timeout, h.retries, h.start_deadline};
    if (call.has("command"))
        h = {health_check::probe::command,
             "",
             call.options["command"],
             h.interval,
             h.timeout,
             h.retries,
             h.start_deadline};
    if (call.has("port")) h = {health_check::probe::port, "", "", h.interval, h.timeout, h.retries, h.start_deadline};
    option_reader options(call);
    h.interval = options.time("interval").value_or(h.interval);
    h.timeout = options.time("timeout").value_or(h.timeout);
    h.start_deadline = options.time("start-deadline").value_or(h.start_deadline);
    h.retries = options.number<int>("attempts").value_or(h.retries);
    if (options.fault) co_return *options.fault;
    if (!call.json) call.print("Setting the check of " + call.arguments[0] + ", restarting " + call.app + "... ");
    process_settings said{.health = std::move(h)};
    auto id = co_await call.platform.formations().set(call.who, call.app, call.arguments[0], said, false);
    co_return co_await report(call, id, "done");
}

}  // namespace gasper::receiver
