#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "control/archives/archives.hpp"
#include "control/views/views.hpp"
#include "receiver/commands/backup_commands.hpp"
#include "receiver/commands/handlers.hpp"
#include "receiver/commands/option_reader.hpp"

namespace gasper::receiver {

namespace {

void show_archive(command_call& call, const control::archive_view& v) {
    if (call.json) return call.print(json_text(control::as_json(v)));
    const bool on = v.on();
    std::vector<std::vector<std::string>> rows;
    rows.push_back({"Archived:", on ? "to " + v.info.place : "not any more"});
    rows.push_back({"Kept:", fmt::format("{} days, {:.1f} MiB", v.info.keep, static_cast<double>(v.size) / 1048576)});
    for (const auto& span : v.covered)
        rows.push_back({"Covered:", to_rfc3339(span.from) + " to " + to_rfc3339(span.until)});
    if (v.covered.empty()) rows.push_back({"Covered:", "nothing yet"});
    if (on && v.base) rows.push_back({"Base:", to_rfc3339(*v.base)});
    if (!v.alarm.empty()) call.print(" !     " + v.alarm + "\n");
    call.print("=== " + v.info.service_name + "\n" + columns(rows));
}

task<result<>> turn_on(command_call& call) {
    option_reader options(call);
    const auto keep = options.number<int>("keep").value_or(0);
    if (options.fault) co_return *options.fault;
    const auto& name = call.arguments[0];
    auto begun = co_await control::archives(call.platform).turn_on(call.who, name, option(call, "to"), keep);
    co_return co_await finish(call, "Archiving " + name, std::move(begun));
}

task<result<>> turn_off(command_call& call) {
    const auto& name = call.arguments[0];
    auto off = co_await control::archives(call.platform).turn_off(call.who, name);
    if (!off) co_return off.error();
    call.print(call.json ? json_text(nlohmann::json{{"on", false}})
                         : name + " is not archived any more; what is there stays until it is too old\n");
    co_return result<>{};
}

task<result<>> run_archive(command_call& call) {
    if (call.has("on") && call.has("off")) co_return fail(errc::invalid, "archive", "--on or --off, not both");
    if (call.has("off")) co_return co_await turn_off(call);
    if (call.has("on")) co_return co_await turn_on(call);
    if (call.has("to") || call.has("keep"))
        co_return fail(errc::invalid, "archive", "--to and --keep are said together with --on");
    auto v = co_await control::archives(call.platform).show(call.who, call.arguments[0]);
    if (!v) co_return v.error();
    show_archive(call, *v);
    co_return result<>{};
}

}  // namespace

void show_covered(command_call& call, const control::archive_view& v) {
    if (!v.alarm.empty()) call.print(" !     " + v.alarm + "\n");
    call.print("Archive: " + control::to_string(v.covered) + " can be brought back\n");
}

task<result<>> run_recovery(command_call& call) {
    if (call.arguments.size() > 1) co_return fail(errc::invalid, "restore", "a backup's number or --at TIME, not both");
    auto at = parse_rfc3339(option(call, "at"));
    if (!at) co_return at.error();
    control::recovery_request wanted;
    wanted.service = call.arguments[0];
    wanted.at = *at;
    wanted.into = option(call, "into");
    wanted.confirm = option(call, "confirm");
    const auto what = "Restoring into " + (wanted.into.empty() ? wanted.service : wanted.into);
    auto begun = co_await control::archives(call.platform).recover(call.who, std::move(wanted));
    co_return co_await finish(call, what, std::move(begun));
}

std::vector<command> archive_commands() {
    return {
        {"services:archive",
         "NAME [--on [--keep DAYS] [--to STORE] | --off]",
         "archive a database's log, so that every moment can be brought back; or show what is covered",
         false,
         1,
         1,
         {{"on", 0, false}, {"off", 0, false}, {"keep", 0, true}, {"to", 0, true}},
         run_archive},
    };
}

}  // namespace gasper::receiver
