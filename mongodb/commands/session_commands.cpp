// What drivers ask before and beside their work.
#include <chrono>

#include "mongodb/bson/builder.hpp"
#include "mongodb/bson/reader.hpp"
#include "mongodb/commands/fields.hpp"
#include "mongodb/commands/handlers.hpp"

namespace gasper::mongodb {
namespace {

constexpr std::int32_t least_wire_version = 0, most_wire_version = 21;  // as MongoDB 7.0
constexpr std::string_view like_version = "7.0.0";

std::int64_t now_in_milliseconds() {
    using namespace std::chrono;
    return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

}  // namespace

task<answer<std::string>> run_hello(command_context& c) {
    bson_builder out;
    if (c.name != "hello") out.add("ismaster", true);
    out.add("helloOk", true)
        .add("isWritablePrimary", true)
        .add("maxBsonObjectSize", static_cast<std::int32_t>(max_document_bytes))
        .add("maxMessageSizeBytes", static_cast<std::int32_t>(max_message_bytes))
        .add("maxWriteBatchSize", static_cast<std::int32_t>(max_batch_documents))
        .add_date("localTime", now_in_milliseconds())
        .add("logicalSessionTimeoutMinutes", std::int32_t{30})
        .add("connectionId", c.client.id)
        .add("minWireVersion", least_wire_version)
        .add("maxWireVersion", most_wire_version)
        .add("readOnly", false);
    // The same whoever asks: it must not tell which users exist.
    if (find_element(c.command(), "saslSupportedMechs"))
        out.begin_array("saslSupportedMechs").add("0", "SCRAM-SHA-256").end();
    const auto attempt = find_element(c.command(), "speculativeAuthenticate");
    const auto command = attempt ? attempt->as_document() : std::nullopt;
    if (command && !c.client.who && find_element(*command, "saslStart")) {
        // A refusal is silent: the client then starts over with saslStart.
        auto first = co_await begin_login(c, *command);
        if (first) out.add_document("speculativeAuthenticate", *first);
    }
    co_return out.add("ok", 1.0).finish();
}

task<answer<std::string>> run_ok(command_context&) {
    co_return ok_document();
}

task<answer<std::string>> run_build_info(command_context&) {
    bson_builder out;
    out.add("version", like_version).add("gitVersion", "none");
    out.begin_array("modules").add("0", "gasper: PostgreSQL with DocumentDB").end();
    out.begin_array("versionArray");
    for (std::int32_t i = 0; i < 4; ++i)
        out.add(std::to_string(i), i == 0 ? 7 : 0);
    out.end();
    co_return out.add("bits", std::int32_t{64})
        .add("debug", false)
        .add("maxBsonObjectSize", static_cast<std::int32_t>(max_document_bytes))
        .add("ok", 1.0)
        .finish();
}

task<answer<std::string>> run_server_status(command_context& c) {
    const auto up = deadline::clock::now() - c.parts.started;
    co_return bson_builder()
        .add("process", "gasper-mongodb-gateway")
        .add("version", like_version)
        .add("uptime", std::chrono::duration<double>(up).count())
        .add_date("localTime", now_in_milliseconds())
        .begin_document("connections")
        .add("current", static_cast<std::int32_t>(c.parts.connections))
        .end()
        .begin_document("metrics")
        .begin_document("cursor")
        .begin_document("open")
        .add("total", static_cast<std::int32_t>(c.parts.cursors.size()))
        .end()
        .end()
        .end()
        .add("ok", 1.0)
        .finish();
}

task<answer<std::string>> run_connection_status(command_context& c) {
    bson_builder out;
    out.begin_document("authInfo").begin_array("authenticatedUsers");
    if (c.client.who) out.begin_document("0").add("user", c.client.who->user).add("db", "admin").end();
    out.end().begin_array("authenticatedUserRoles");
    if (c.client.who) {
        const auto* const role = c.client.who->read_only ? "readAnyDatabase" : "readWriteAnyDatabase";
        out.begin_document("0").add("role", role).add("db", "admin").end();
    }
    co_return out.end().end().add("ok", 1.0).finish();
}

task<answer<std::string>> run_whats_my_uri(command_context& c) {
    co_return bson_builder().add("you", "connection " + std::to_string(c.client.id)).add("ok", 1.0).finish();
}

}  // namespace gasper::mongodb
