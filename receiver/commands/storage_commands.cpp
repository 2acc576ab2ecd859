#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "control/views/views.hpp"
#include "receiver/commands/handlers.hpp"

namespace gasper::receiver {

task<result<>> run_storage_create(command_call& call) {
    auto made = co_await call.platform.volumes().create(call.who, call.arguments[0]);
    if (!made) co_return made.error();
    if (call.json)
        call.print(json_text(control::as_json(*made)));
    else
        call.print("Creating volume " + made->name + "... done\n");
    co_return result<>{};
}

task<result<>> run_storage_list(command_call& call) {
    auto app = call.has("app") ? call.options["app"] : std::string();
    if (!call.arguments.empty()) app = call.arguments[0];
    auto volumes = co_await call.platform.volumes().list(call.who, app);
    if (!volumes) co_return volumes.error();
    if (call.json) {
        call.print(json_text(control::as_json(*volumes)));
        co_return result<>{};
    }
    if (volumes->empty()) call.print("There are no volumes.\n");
    std::vector<std::vector<std::string>> rows;
    for (const auto& v : *volumes)
        rows.push_back({v.name, v.app.empty() ? "not mounted" : v.app + ":" + v.path});
    call.print(columns(rows));
    co_return result<>{};
}

task<result<>> run_storage_mount(command_call& call) {
    const auto& to = call.arguments[1];
    const auto colon = to.find(':');
    if (colon == to.npos)
        co_return fail(errc::invalid, "mount_path_missing", "Say where: storage:mount NAME APP:/app/storage");
    auto begun =
        co_await call.platform.volumes().mount(call.who, call.arguments[0], to.substr(0, colon), to.substr(colon + 1));
    co_return co_await finish(call, "Mounting " + call.arguments[0] + " at " + to, std::move(begun));
}

task<result<>> run_storage_unmount(command_call& call) {
    const auto& from = call.arguments[1];
    auto begun = co_await call.platform.volumes().unmount(call.who, call.arguments[0], from.substr(0, from.find(':')));
    co_return co_await finish(call, "Unmounting " + call.arguments[0] + " from " + from, std::move(begun));
}

task<result<>> run_storage_destroy(command_call& call) {
    const auto& name = call.arguments[0];
    if (!call.has("confirm"))
        co_return fail(errc::invalid, "confirm",
                       fmt::format("This removes {0} with all that is in it for good. Say so: storage:destroy {0} "
                                   "--confirm {0}",
                                   name));
    auto done = co_await call.platform.volumes().destroy(call.who, name, call.options["confirm"]);
    if (!done) co_return done.error();
    if (call.json)
        call.print(json_text(nlohmann::json{{"destroyed", name}}));
    else
        call.print("Destroying volume " + name + "... done\n");
    co_return result<>{};
}

}  // namespace gasper::receiver
