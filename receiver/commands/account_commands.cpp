#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "control/views/views.hpp"
#include "receiver/commands/handlers.hpp"
#include "receiver/commands/words.hpp"

namespace gasper::receiver {

namespace {

using nlohmann::json;

bool is_key_type(const std::string& word) {
    return word.starts_with("ssh-") || word.starts_with("ecdsa-") || word.starts_with("sk-");
}

struct key_words {
    std::string name, line;
};

// "[NAME] TYPE BASE64 [COMMENT]": a key pasted without quotes comes as several words.
result<key_words> key_of(const command_call& call) {
    auto words = call.arguments;
    key_words key;
    if (!words.empty() && !is_key_type(words.front())) {
        key.name = words.front();
        words.erase(words.begin());
    }
    for (const auto& word : words)
        key.line += (key.line.empty() ? "" : " ") + word;
    if (key.line.empty()) key.line = call.input;
    while (key.line.ends_with('\n') || key.line.ends_with('\r') || key.line.ends_with(' '))
        key.line.pop_back();
    if (key.line.empty())
        return fail(errc::invalid, "key_missing",
                    "No key: give it on standard input, keys:add < ~/.ssh/id_ed25519.pub");
    if (key.line.find('\n') != key.line.npos)
        return fail(errc::invalid, "key_invalid", "One key at a time: this is more than one line.");
    if (key.name.empty()) {
        const auto comment = key.line.find(' ', key.line.find(' ') + 1);
        key.name = comment == key.line.npos ? "key" : key.line.substr(comment + 1);
    }
    return key;
}

}  // namespace

task<result<>> run_keys(command_call& call) {
    auto keys = co_await call.platform.accounts().keys(call.who);
    if (!keys) co_return keys.error();
    if (call.json) {
        call.print(json_text(control::as_json(*keys)));
        co_return result<>{};
    }
    if (keys->empty()) call.print("You have no SSH keys.\n");
    std::vector<std::vector<std::string>> rows;
    for (const auto& k : *keys)
        rows.push_back({k.name, k.line.substr(0, k.line.find(' ')), k.fingerprint});
    call.print(columns(rows));
    co_return result<>{};
}

task<result<>> run_keys_add(command_call& call) {
    auto key = key_of(call);
    if (!key) co_return key.error();
    auto added = co_await call.platform.accounts().add_key(call.who, key->name, key->line);
    if (!added) co_return added.error();
    if (call.json)
        call.print(json_text(control::as_json(*added)));
    else
        call.print(fmt::format("Adding {} key {}... done\n", added->name, added->fingerprint));
    co_return result<>{};
}

task<result<>> run_keys_remove(command_call& call) {
    auto removed = co_await call.platform.accounts().remove_key(call.who, call.arguments[0]);
    if (!removed) co_return removed.error();
    if (call.json)
        call.print(json_text(json{{"removed", call.arguments[0]}}));
    else
        call.print("Removing " + call.arguments[0] + " key... done\n");
    co_return result<>{};
}

task<result<>> run_whoami(command_call& call) {
    if (call.json)
        call.print(json_text(control::as_json(call.who)));
    else
        call.print(call.who.name + "\n");
    co_return result<>{};
}

task<result<>> run_version(command_call& call) {
    if (call.json)
        call.print(json_text(json{{"version", GASPER_VERSION}}));
    else
        call.print("gasper " GASPER_VERSION "\n");
    co_return result<>{};
}

task<result<>> run_help(command_call& call) {
    if (!call.arguments.empty()) {
        const auto* what = find_command(call.arguments[0]);
        if (!what)
            co_return fail(errc::not_found, "command_not_found", call.arguments[0] + " is not a command. See help.");
        call.print(fmt::format("Usage: {} {}\n\n{}\n", what->name, what->usage, what->help));
        co_return result<>{};
    }
    if (call.json) {
        auto all = json::array();
        for (const auto& c : command_table())
            all.push_back({{"name", c.name}, {"usage", c.usage}, {"help", c.help}});
        call.print(json_text(all));
        co_return result<>{};
    }
    std::vector<std::vector<std::string>> rows;
    for (const auto& c : command_table())
        rows.push_back({"  " + std::string(c.name) + " " + std::string(c.usage), std::string(c.help)});
    call.print("Usage: ssh gasper@HOST COMMAND [--json]. APP is the first argument, or -a APP.\n\n" + columns(rows));
    co_return result<>{};
}

}  // namespace gasper::receiver
