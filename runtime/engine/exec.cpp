#include <fmt/format.h>

#include "runtime/engine/client.hpp"
#include "runtime/engine/json.hpp"

namespace gasper::runtime {

using engine_json::get;
using engine_json::json;
using engine_json::url_encode;

task<result<std::string>> engine_client::create_exec(std::string container, exec_spec spec, deadline until) {
    json body;
    body["AttachStdin"] = spec.input;
    body["AttachStdout"] = body["AttachStderr"] = true;
    body["Tty"] = spec.terminal;
    body["Cmd"] = spec.command;
    body["Env"] = engine_json::environment(spec.env);
    if (!spec.user.empty()) body["User"] = spec.user;
    if (!spec.directory.empty()) body["WorkingDir"] = spec.directory;
    auto reply = co_await call("POST", "/containers/" + url_encode(container) + "/exec",
                               body.dump(-1, ' ', false, json::error_handler_t::replace), until);
    if (!reply) co_return reply.error();
    co_return engine_json::parse(reply->body, [](const json& v) { return v.at("Id").get<std::string>(); });
}

task<result<std::unique_ptr<raw_stream>>> engine_client::start_exec(std::string exec, bool terminal, deadline until) {
    auto target = co_await versioned("/exec/" + url_encode(exec) + "/start", until);
    if (!target) co_return target.error();
    http_request request("POST", std::move(*target));
    request.body = json{{"Detach", false}, {"Tty", terminal}}.dump();
    co_return co_await transport_.hijack(std::move(request), until);
}

task<result<>> engine_client::resize_exec(std::string exec, int columns, int rows, deadline until) {
    auto reply =
        co_await call("POST", fmt::format("/exec/{}/resize?w={}&h={}", url_encode(exec), columns, rows), {}, until);
    if (!reply) co_return reply.error();
    co_return result<>();
}

task<result<exec_state>> engine_client::inspect_exec(std::string exec, deadline until) {
    auto reply = co_await call("GET", "/exec/" + url_encode(exec) + "/json", {}, until);
    if (!reply) co_return reply.error();
    co_return engine_json::parse(reply->body, [](const json& v) {
        return exec_state{get<bool>(v, "Running"), get<int>(v, "ExitCode"), get<int>(v, "Pid")};
    });
}

}  // namespace gasper::runtime
