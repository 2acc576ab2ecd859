#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "control/upgrades/upgrades.hpp"
#include "receiver/commands/handlers.hpp"
#include "receiver/commands/service_commands.hpp"

namespace gasper::receiver {

namespace {

task<result<>> run_upgrade(command_call& call) {
    const auto& name = call.arguments[0];
    auto begun = co_await control::upgrades(call.platform).start(call.who, name, option(call, "version"));
    co_return co_await finish_telling(call, "Upgrading service " + name, std::move(begun));
}

task<result<>> run_confirm_upgrade(command_call& call) {
    const auto& name = call.arguments[0];
    auto done = co_await control::upgrades(call.platform).confirm(call.who, name);
    if (!done) co_return done;
    call.print(call.json ? json_text(nlohmann::json{{"kept", nullptr}})
                         : "The data of before the upgrade of " + name + " is removed.\n");
    co_return result<>{};
}

task<result<>> run_roll_back_upgrade(command_call& call) {
    const auto& name = call.arguments[0];
    if (!call.has("confirm"))
        co_return fail(errc::invalid, "confirm",
                       fmt::format("This brings {0} back as it was before its upgrade: what was written since is lost. "
                                   "Say so: services:upgrade:rollback {0} --confirm {0}",
                                   name));
    auto begun = co_await control::upgrades(call.platform).roll_back(call.who, name, call.options["confirm"]);
    co_return co_await finish_telling(call, "Going back with service " + name, std::move(begun));
}

}  // namespace

std::vector<command> upgrade_commands() {
    return {
        {"services:upgrade",
         "NAME [--version VERSION]",
         "bring a database to the newest packages of its version, or to a newer version",
         false,
         1,
         1,
         {{"version", 0, true}},
         run_upgrade},
        {"services:upgrade:confirm",
         "NAME",
         "remove what is kept of before an upgrade",
         false,
         1,
         1,
         {},
         run_confirm_upgrade},
        {"services:upgrade:rollback",
         "NAME --confirm NAME",
         "go back to before an upgrade; what was written since is lost",
         false,
         1,
         1,
         {{"confirm", 0, true}},
         run_roll_back_upgrade},
    };
}

}  // namespace gasper::receiver
