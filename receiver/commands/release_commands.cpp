#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "control/views/views.hpp"
#include "receiver/commands/handlers.hpp"

namespace gasper::receiver {

namespace {

// "current", "failed: why", or nothing to say.
std::string standing(const release& r, release_id current) {
    if (r.id == current) return "current";
    if (r.state == release_state::failed) return "failed: " + r.reason;
    return r.state == release_state::pending ? "pending" : "";
}

// "v3" or "3".
result<int> parse_version(const command_call& call) {
    auto text = call.arguments[0];
    if (text.starts_with('v')) text.erase(0, 1);
    return parse_number(text, "A release", 1'000'000'000);
}

std::string shortened(const std::string& commit) {
    return commit.substr(0, 8);
}

}  // namespace

task<result<>> run_releases(command_call& call) {
    auto releases = co_await call.platform.apps().releases(call.who, call.app);
    if (!releases) co_return releases.error();
    auto a = co_await call.platform.apps().info(call.who, call.app);
    if (!a) co_return a.error();
    const auto current = a->info.current;
    if (call.json) {
        call.print(json_text(control::as_json(*releases, current)));
        co_return result<>{};
    }
    if (releases->empty()) call.print(call.app + " has no releases.\n");
    std::vector<std::vector<std::string>> rows;
    for (const auto& r : *releases)
        rows.push_back(
            {fmt::format("v{}", r.version), r.description, r.user, to_rfc3339(r.created), standing(r, current)});
    call.print(columns(rows));
    co_return result<>{};
}

task<result<>> run_releases_info(command_call& call) {
    int version = 0;
    auto a = co_await call.platform.apps().info(call.who, call.app);
    if (!a) co_return a.error();
    if (call.arguments.empty()) {
        if (a->version == 0) co_return fail(errc::not_found, "release_not_found", call.app + " has no releases.");
        version = a->version;
    } else {
        auto parsed = parse_version(call);
        if (!parsed) co_return parsed.error();
        version = *parsed;
    }
    auto r = co_await call.platform.apps().release_info(call.who, call.app, version);
    if (!r) co_return r.error();
    if (call.json) {
        call.print(json_text(control::as_json(*r, r->id == a->info.current)));
        co_return result<>{};
    }
    std::vector<std::vector<std::string>> rows{
        {"Change:", r->description}, {"Commit:", r->commit}, {"By:", r->user}, {"When:", to_rfc3339(r->created)}};
    if (const auto said = standing(*r, a->info.current); !said.empty()) rows.push_back({"State:", said});
    for (const auto& [name, process] : r->processes)
        rows.push_back({name + ":", process});
    call.print(fmt::format("=== Release v{}\n", r->version) + columns(rows));
    co_return result<>{};
}

task<result<>> run_releases_rollback(command_call& call) {
    int version = 0;
    if (!call.arguments.empty()) {
        auto parsed = parse_version(call);
        if (!parsed) co_return parsed.error();
        version = *parsed;
    }
    if (!call.json)
        call.print(fmt::format("Rolling back {} to {}... ", call.app,
                               version > 0 ? fmt::format("v{}", version) : "the release before"));
    auto id = co_await call.platform.apps().rollback(call.who, call.app, version);
    if (!id) co_return id.error();
    auto done = co_await finish_job(call, *id);
    if (!done) co_return done.error();
    auto now = co_await call.platform.apps().info(call.who, call.app);
    if (!now) co_return now.error();
    if (call.json)
        call.print(json_text(nlohmann::json{{"job", id->value}, {"version", now->version}}));
    else
        call.print(fmt::format("done, v{}\n", now->version));
    co_return result<>{};
}

task<result<>> run_builds(command_call& call) {
    auto builds = co_await call.platform.apps().builds(call.who, call.app);
    if (!builds) co_return builds.error();
    if (call.json) {
        call.print(json_text(control::as_json(*builds)));
        co_return result<>{};
    }
    if (builds->empty()) call.print(call.app + " has no builds.\n");
    std::vector<std::vector<std::string>> rows;
    for (const auto& b : *builds)
        rows.push_back({std::to_string(b.id.value), std::string(to_string(b.state)), shortened(b.commit), b.buildpack,
                        to_rfc3339(b.created)});
    call.print(columns(rows));
    co_return result<>{};
}

task<result<>> run_builds_info(command_call& call) {
    auto number = parse_number(call.arguments[0], "A build", 2'000'000'000);
    if (!number) co_return number.error();
    auto b = co_await call.platform.apps().build_info(call.who, call.app, *number);
    if (!b) co_return b.error();
    if (call.json) {
        call.print(json_text(control::as_json(*b)));
        co_return result<>{};
    }
    std::vector<std::vector<std::string>> rows{{"State:", std::string(to_string(b->state))},
                                               {"Commit:", b->commit},
                                               {"Buildpack:", b->buildpack},
                                               {"Job:", std::to_string(b->job.value)},
                                               {"When:", to_rfc3339(b->created)}};
    if (!b->reason.empty()) rows.push_back({"Reason:", b->reason});
    call.print(fmt::format("=== Build {}\n", b->id.value) + columns(rows));
    co_return result<>{};
}

}  // namespace gasper::receiver
