#include <fmt/format.h>

#include "control/services/exposing.hpp"
#include "control/views/views.hpp"
#include "receiver/commands/handlers.hpp"
#include "receiver/commands/option_reader.hpp"
#include "receiver/commands/service_commands.hpp"

namespace gasper::receiver {

namespace {

task<result<>> run_services_expose(command_call& call) {
    option_reader options(call);
    control::new_exposure wanted;
    wanted.service = call.arguments[0];
    wanted.port = options.number<std::int64_t>("port").value_or(0);
    if (options.fault) co_return *options.fault;
    wanted.allowed = option(call, "allow");
    wanted.anyone = call.has("anyone");
    if (call.has("read-only")) wanted.rights = service_rights::read_only;
    auto v = co_await control::exposures(call.platform).expose(call.who, std::move(wanted));
    if (!v) co_return v.error();
    if (call.json) {
        call.print(json_text(control::as_json(*v)));
        co_return result<>{};
    }
    const auto& name = v->info.service_name;
    call.print(
        fmt::format("{} is reached at {}:{}, with TLS, from {}\n", name, v->host, v->info.port, v->info.allowed));
    if (!v->url.empty())
        call.print(
            fmt::format("{}\nThis URL is not shown again. The certificate in it: services:certificate {} > {}.crt\n",
                        v->url, name, name));
    if (!v->note.empty()) call.print("Note: " + v->note + "\n");
    co_return result<>{};
}

task<result<>> run_services_unexpose(command_call& call) {
    auto gone = co_await control::exposures(call.platform).unexpose(call.who, call.arguments[0]);
    if (!gone) co_return gone.error();
    call.print(call.json ? json_text(nlohmann::json{{"exposed", nullptr}})
                         : call.arguments[0] + " is not reached from outside any more\n");
    co_return result<>{};
}

task<result<>> run_services_certificate(command_call& call) {
    control::exposures exposed(call.platform);
    result<control::exposure_view> v = control::exposure_view{};
    if (call.has("renew"))
        v = co_await exposed.renew(call.who, call.arguments[0]);
    else
        v = co_await exposed.show(call.who, call.arguments[0]);
    if (!v) co_return v.error();
    if (call.json) {
        call.print(json_text(control::as_json(*v)));
        co_return result<>{};
    }
    call.print(v->info.certificate);
    if (v->valid_until) call.output.error("Valid until " + to_rfc3339(*v->valid_until) + "\n");
    co_return result<>{};
}

}  // namespace

std::vector<command> expose_commands() {
    return {
        {"services:expose",
         "NAME --port PORT --allow CIDR[,CIDR...] [--anyone] [--read-only]",
         "let networks outside reach a database, with TLS and a user of their own, or change which",
         false,
         1,
         1,
         {{"port", 0, true}, {"allow", 0, true}, {"anyone", 0, false}, {"read-only", 0, false}},
         run_services_expose},
        {"services:unexpose", "NAME", "close that way; its user goes", false, 1, 1, {}, run_services_unexpose},
        {"services:certificate",
         "NAME [--renew]",
         "print the certificate that clients outside pin, or a new one in its place",
         false,
         1,
         1,
         {{"renew", 0, false}},
         run_services_certificate},
    };
}

}  // namespace gasper::receiver
