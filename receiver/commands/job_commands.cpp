#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "receiver/commands/handlers.hpp"

namespace gasper::receiver {

namespace {

using nlohmann::json;

result<job_id> id_of(const command_call& call) {
    auto number = parse_number(call.arguments[0], "A job", 2'000'000'000);
    if (!number) return number.error();
    return job_id{*number};
}

}  // namespace

std::string json_text(const json& value) {
    return value.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

std::string json_line(std::string_view text) {
    return json{{"line", text}}.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
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

task<result<>> run_jobs_info(command_call& call) {
    auto id = id_of(call);
    if (!id) co_return id.error();
    auto j = co_await call.platform.streams().job_info(call.who, *id);
    if (!j) co_return j.error();
    if (call.json) {
        call.print(json_text(json{{"id", j->id.value},
                                  {"kind", j->kind},
                                  {"key", j->key},
                                  {"step", j->step},
                                  {"state", to_string(j->state)},
                                  {"reason", j->reason},
                                  {"user", j->user},
                                  {"created_at", to_rfc3339(j->created)}}));
        co_return result<>{};
    }
    std::vector<std::vector<std::string>> rows{
        {"Kind:", j->kind}, {"For:", j->key}, {"State:", std::string(to_string(j->state))},
        {"Step:", j->step}, {"By:", j->user}, {"When:", to_rfc3339(j->created)}};
    if (!j->reason.empty()) rows.push_back({"Reason:", j->reason});
    call.print(fmt::format("=== Job {}\n", j->id.value) + columns(rows));
    co_return result<>{};
}

task<result<>> run_jobs_log(command_call& call) {
    auto id = id_of(call);
    if (!id) co_return id.error();
    line_sink sink = [out = call.output.out, lines = call.json](std::string_view text) {
        if (lines)
            out(json_line(text));
        else
            out(std::string(text) + "\n");
    };
    auto ended = co_await call.platform.streams().follow_job(call.who, *id, 0, std::move(sink));
    if (!ended) co_return ended.error();
    if (ended->state != job_state::succeeded) co_return fail(errc::failed, "job_failed", ended->reason);
    co_return result<>{};
}

}  // namespace gasper::receiver
