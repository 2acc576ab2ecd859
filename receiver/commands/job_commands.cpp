#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "control/views/views.hpp"
#include "receiver/commands/handlers.hpp"

namespace gasper::receiver {

namespace {

using nlohmann::json;

std::vector<std::string> row_of(const job& j) {
    return {std::to_string(j.id.value), j.kind,  j.key, std::string(to_string(j.state)), j.user,
            to_rfc3339(j.created),      j.reason};
}

// Says the end of a job that was asked to stop.
task<result<>> finish_cancelled(command_call& call, job_id id) {
    line_sink nowhere = [](std::string_view) {};
    auto ended = co_await call.platform.streams().follow_job(call.who, id, 0, std::move(nowhere));
    if (!ended) co_return ended.error();
    if (call.json) {
        call.print(json_text(control::as_json(*ended)));
    } else if (ended->state == job_state::aborted) {
        call.print("done\n");
    } else {
        call.print(std::string(to_string(ended->state)) + " before it could be stopped\n");
    }
    co_return result<>{};
}

result<job_id> id_of(const command_call& call) {
    auto number = parse_number(call.arguments[0], "A job", 2'000'000'000);
    if (!number) return number.error();
    return job_id{*number};
}

}  // namespace

std::string json_text(const json& value) {
    return value.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

std::string json_line(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

task<result<job>> finish_job(command_call& call, job_id id) {
    auto lines = std::make_shared<std::string>();
    line_sink keep = [lines](std::string_view line) {
        if (lines->size() < 1 << 20) lines->append(line).append("\n");
    };
    auto ended = co_await call.platform.streams().follow_job(call.who, id, 0, std::move(keep));
    if (!ended) co_return ended.error();
    if (ended->state == job_state::succeeded) co_return std::move(*ended);
    if (!call.json) call.print("failed\n");
    call.output.error(*lines);
    co_return fail(errc::failed, "job_failed", ended->reason.empty() ? "It failed." : ended->reason);
}

task<result<>> finish(command_call& call, std::string what, result<job_id> begun) {
    if (!begun) co_return begun.error();
    if (!call.json) call.print(what + "... ");
    auto done = co_await finish_job(call, *begun);
    if (!done) co_return done.error();
    call.print(call.json ? json_text(json{{"job", begun->value}, {"state", "succeeded"}}) : std::string("done\n"));
    co_return result<>{};
}

task<result<>> finish_telling(command_call& call, std::string what, result<job_id> begun) {
    if (call.json || !begun) co_return co_await finish(call, std::move(what), std::move(begun));
    line_sink tell = [out = call.output.out](std::string_view line) { out(std::string(line) + "\n"); };
    auto ended = co_await call.platform.streams().follow_job(call.who, *begun, 0, std::move(tell));
    if (!ended) co_return ended.error();
    if (ended->state == job_state::succeeded) co_return result<>{};
    co_return fail(errc::failed, "job_failed", ended->reason.empty() ? "It failed." : ended->reason);
}

task<result<>> run_jobs_info(command_call& call) {
    auto id = id_of(call);
    if (!id) co_return id.error();
    auto tree = co_await call.platform.jobs().info(call.who, *id);
    if (!tree) co_return tree.error();
    const auto& j = tree->info;
    if (call.json) {
        auto out = control::as_json(j);
        out["steps"] = control::as_json(tree->steps);
        out["children"] = control::as_json(tree->children);
        call.print(json_text(out));
        co_return result<>{};
    }
    std::vector<std::vector<std::string>> rows{{"Kind:", j.kind},
                                               {"For:", j.key},
                                               {"State:", std::string(to_string(j.state))},
                                               {"By:", j.user},
                                               {"When:", to_rfc3339(j.created)}};
    if (!j.reason.empty()) rows.push_back({"Reason:", j.reason});
    for (const auto& step : tree->steps)
        rows.push_back({"Step:", fmt::format("{}: {}", step.name, to_string(step.state))});
    for (const auto& child : tree->children)
        rows.push_back({"Began:", fmt::format("job {}, {}: {}", child.id.value, child.kind, to_string(child.state))});
    call.print(fmt::format("=== Job {}\n", j.id.value) + columns(rows));
    co_return result<>{};
}

task<result<>> run_jobs(command_call& call) {
    int most = 30;
    if (call.has("num")) {
        auto number = parse_number(call.options["num"], "-n", 1000);
        if (!number) co_return number.error();
        most = *number;
    }
    auto app = call.has("app") ? call.options["app"] : std::string();
    if (!call.arguments.empty()) app = call.arguments[0];
    auto jobs = co_await call.platform.jobs().list(call.who, app, most);
    if (!jobs) co_return jobs.error();
    if (call.json) {
        call.print(json_text(control::as_json(*jobs)));
        co_return result<>{};
    }
    if (jobs->empty()) call.print("There are no jobs.\n");
    std::vector<std::vector<std::string>> rows;
    for (const auto& j : *jobs)
        rows.push_back(row_of(j));
    call.print(columns(rows));
    co_return result<>{};
}

task<result<>> run_jobs_cancel(command_call& call) {
    auto id = id_of(call);
    if (!id) co_return id.error();
    if (!call.json) call.print(fmt::format("Cancelling job {}... ", id->value));
    auto asked = co_await call.platform.jobs().cancel(call.who, *id);
    if (!asked) co_return asked.error();
    co_return co_await finish_cancelled(call, *id);
}

task<result<>> run_builds_cancel(command_call& call) {
    auto number = parse_number(call.arguments[0], "A build", 2'000'000'000);
    if (!number) co_return number.error();
    if (!call.json) call.print(fmt::format("Cancelling build {}... ", *number));
    auto asked = co_await call.platform.jobs().cancel_build(call.who, call.app, *number);
    if (!asked) co_return asked.error();
    co_return co_await finish_cancelled(call, asked->id);
}

task<result<>> run_jobs_log(command_call& call) {
    auto id = id_of(call);
    if (!id) co_return id.error();
    line_sink sink = [out = call.output.out, lines = call.json](std::string_view text) {
        if (lines)
            out(json_line(json{{"line", text}}));
        else
            out(std::string(text) + "\n");
    };
    auto ended = co_await call.platform.streams().follow_job(call.who, *id, 0, std::move(sink));
    if (!ended) co_return ended.error();
    if (ended->state != job_state::succeeded) co_return fail(errc::failed, "job_failed", ended->reason);
    co_return result<>{};
}

}  // namespace gasper::receiver
