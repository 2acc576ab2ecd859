#include "control/clones/clones.hpp"
#include "receiver/commands/handlers.hpp"
#include "receiver/commands/service_commands.hpp"

namespace gasper::receiver {

namespace {

task<result<>> run_services_clone(command_call& call) {
    control::new_clone wanted;
    wanted.of = call.arguments[0];
    wanted.name = call.arguments[1];
    wanted.plan = option(call, "plan");
    wanted.version = option(call, "version");
    auto begun = co_await control::clones(call.platform).start(call.who, std::move(wanted));
    co_return co_await finish(call, "Cloning service " + call.arguments[0] + " into " + call.arguments[1],
                              std::move(begun));
}

}  // namespace

std::vector<command> clone_commands() {
    return {
        {"services:clone",
         "NAME NEW [--plan PLAN] [--version VERSION]",
         "copy a database into a new one, which has no apps",
         false,
         2,
         2,
         {{"plan", 0, true}, {"version", 0, true}},
         run_services_clone},
    };
}

}  // namespace gasper::receiver
