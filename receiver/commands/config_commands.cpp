#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "receiver/commands/handlers.hpp"

namespace gasper::receiver {

namespace {

using nlohmann::json;

using changes = std::map<std::string, std::optional<std::string>>;

std::string quoted(const std::string& value) {
    if (!value.empty() && value.find_first_of(" \t\n\"'\\$`&|;<>()*?#~") == value.npos) return value;
    std::string out = "'";
    for (char c : value)
        out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
}

std::string names(const changes& what) {
    std::string out;
    for (const auto& [name, value] : what)
        out += (out.empty() ? "" : ", ") + name;
    return out;
}

task<result<>> change(command_call& call, changes what, std::string doing) {
    if (!call.json) call.print(fmt::format("{} {} and restarting {}... ", doing, names(what), call.app));
    auto id = co_await call.platform.apps().set_config(call.who, call.app, what);
    if (!id) co_return id.error();
    if (*id) {
        auto done = co_await finish_job(call, *id);
        if (!done) co_return done.error();
    }
    auto now = co_await call.platform.apps().info(call.who, call.app);
    if (!now) co_return now.error();
    if (call.json) {
        call.print(json_text(json{{"job", id->value}, {"version", now->version}}));
        co_return result<>{};
    }
    call.print(*id && now->version > 0 ? fmt::format("done, v{}\n", now->version) : std::string("done\n"));
    std::vector<std::vector<std::string>> rows;
    for (const auto& [name, value] : what)
        if (value) rows.push_back({name + ":", *value});
    call.print(columns(rows));
    co_return result<>{};
}

}  // namespace

task<result<>> run_config(command_call& call) {
    auto vars = co_await call.platform.apps().config(call.who, call.app);
    if (!vars) co_return vars.error();
    if (call.json) {
        call.print(json_text(json(*vars)));
        co_return result<>{};
    }
    std::vector<std::vector<std::string>> rows;
    for (const auto& [name, value] : *vars)
        rows.push_back({name + ":", value});
    call.print("=== " + call.app + " Config Vars\n" + columns(rows));
    co_return result<>{};
}

task<result<>> run_config_get(command_call& call) {
    auto vars = co_await call.platform.apps().config(call.who, call.app);
    if (!vars) co_return vars.error();
    const auto at = vars->find(call.arguments[0]);
    if (at == vars->end())
        co_return fail(errc::not_found, "config_not_found", call.app + " has no config var " + call.arguments[0] + ".");
    if (call.json)
        call.print(json_text(json{{at->first, at->second}}));
    else
        call.print(at->second + "\n");
    co_return result<>{};
}

task<result<>> run_config_set(command_call& call) {
    changes what;
    for (const auto& word : call.arguments) {
        const auto equals = word.find('=');
        if (equals == word.npos || equals == 0)
            co_return fail(errc::invalid, "config_invalid", quoted(word) + " is not NAME=VALUE.");
        what[word.substr(0, equals)] = word.substr(equals + 1);
    }
    co_return co_await change(call, std::move(what), "Setting");
}

task<result<>> run_config_unset(command_call& call) {
    changes what;
    for (const auto& name : call.arguments)
        what[name] = std::nullopt;
    co_return co_await change(call, std::move(what), "Unsetting");
}

}  // namespace gasper::receiver
