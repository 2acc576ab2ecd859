#include <fmt/format.h>

#include "runtime/engine/client.hpp"
#include "runtime/engine/json.hpp"

namespace gasper::runtime {

using engine_json::array;
using engine_json::get;
using engine_json::json;
using engine_json::object;
using engine_json::url_encode;

namespace {

network_info read_network(const json& v) {
    network_info n;
    n.id = get<std::string>(v, "Id");
    n.name = get<std::string>(v, "Name");
    for (const auto& pool : array(object(v, "IPAM"), "Config")) {
        n.subnets.push_back(get<std::string>(pool, "Subnet"));
        if (n.gateway.empty()) n.gateway = get<std::string>(pool, "Gateway");
    }
    n.bridge = get<std::string>(object(v, "Options"), "com.docker.network.bridge.name");
    n.label = engine_json::read_labels(object(v, "Labels"));
    for (const auto& [id, container] : object(v, "Containers").items())
        n.containers.push_back(id);
    return n;
}

}  // namespace

task<result<std::string>> engine_client::create_network(network_spec spec, deadline until) {
    json body{{"Name", spec.name}, {"CheckDuplicate", true}, {"Driver", "bridge"}, {"Labels", spec.label}};
    body["IPAM"]["Config"] = json::array({{{"Subnet", spec.subnet}, {"Gateway", spec.gateway}}});
    if (!spec.range.empty()) body["IPAM"]["Config"][0]["IPRange"] = spec.range;
    body["Options"] = json::object();
    if (!spec.bridge.empty()) body["Options"]["com.docker.network.bridge.name"] = spec.bridge;
    if (spec.strangers) body["Options"]["com.docker.network.bridge.enable_icc"] = "false";
    auto reply = co_await call("POST", "/networks/create", body.dump(), until);
    if (!reply) co_return reply.error();
    co_return engine_json::parse(reply->body, [](const json& v) { return v.at("Id").get<std::string>(); });
}

task<result<network_info>> engine_client::inspect_network(std::string name, deadline until) {
    auto reply = co_await call("GET", "/networks/" + url_encode(name), {}, until);
    if (!reply) co_return reply.error();
    co_return engine_json::parse(reply->body, read_network);
}

task<result<std::vector<network_info>>> engine_client::list_networks(deadline until) {
    auto reply = co_await call("GET", "/networks", {}, until);
    if (!reply) co_return reply.error();
    co_return engine_json::parse(reply->body, [](const json& all) {
        std::vector<network_info> out;
        for (const auto& v : all)
            out.push_back(read_network(v));
        return out;
    });
}

task<result<>> engine_client::connect_network(std::string network, std::string container,
                                              std::vector<std::string> aliases, deadline until) {
    json body{{"Container", container}};
    body["EndpointConfig"]["Aliases"] = aliases;
    auto reply = co_await call("POST", "/networks/" + url_encode(network) + "/connect", body.dump(), until);
    if (!reply) co_return reply.error();
    co_return result<>();
}

task<result<>> engine_client::disconnect_network(std::string network, std::string container, deadline until) {
    json body{{"Container", container}, {"Force", true}};
    auto reply = co_await call("POST", "/networks/" + url_encode(network) + "/disconnect", body.dump(), until);
    if (!reply && reply.error().kind != errc::not_found) co_return reply.error();
    co_return result<>();
}

task<result<>> engine_client::remove_network(std::string name, deadline until) {
    auto reply = co_await call("DELETE", "/networks/" + url_encode(name), {}, until);
    if (!reply && reply.error().kind != errc::not_found) co_return reply.error();
    co_return result<>();
}

}  // namespace gasper::runtime
