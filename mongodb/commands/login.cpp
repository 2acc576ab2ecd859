// Authentication: SCRAM-SHA-256 against the verifiers that PostgreSQL keeps of its roles.
#include <array>

#include "core/base/crypto.hpp"
#include "mongodb/bson/builder.hpp"
#include "mongodb/bson/reader.hpp"
#include "mongodb/commands/fields.hpp"
#include "mongodb/commands/handlers.hpp"

namespace gasper::mongodb {
namespace {

constexpr int most_failures = 3;
constexpr std::int32_t conversation_id = 1;
constexpr std::size_t most_salt_iterations = 1'000'000;

// The server's own roles have no password and cannot log in here; neither can a superuser.
constexpr statement find_role = {
    "role",
    "SELECT a.rolpassword::text, CASE WHEN pg_has_role(a.oid, 'documentdb_admin_role', 'member') THEN 'rw' ELSE 'ro' "
    "END "
    "FROM pg_authid a WHERE a.rolname = $1::text AND a.rolcanlogin AND NOT a.rolsuper AND a.rolpassword IS NOT NULL"};

command_error refused(session& client) {
    ++client.failed_logins;
    client.login.reset();
    client.proven = false;
    return {authentication_failed, "Authentication failed."};
}

std::string conversation(bool done, std::string_view payload) {
    return bson_builder()
        .add("conversationId", conversation_id)
        .add("done", done)
        .add_binary("payload", payload)
        .add("ok", 1.0)
        .finish();
}

bool wants_to_skip(std::string_view command) {
    const auto options = find_element(command, "options");
    const auto document = options ? options->as_document() : std::nullopt;
    const auto skip = document ? find_element(*document, "skipEmptyExchange") : std::nullopt;
    return skip && skip->as_flag().value_or(false);
}

}  // namespace

task<answer<std::string>> begin_login(command_context& c, std::string_view command) {
    auto& client = c.client;
    if (client.failed_logins >= most_failures) co_return refused(client);
    if (client.who) co_return command_error{illegal_operation, "already authenticated"};
    const auto mechanism = text_field(command, "mechanism");
    if (mechanism != "SCRAM-SHA-256") {
        co_return command_error{mechanism_unavailable, "only the mechanism SCRAM-SHA-256 is supported"};
    }
    const auto payload = find_element(command, "payload");
    const auto message = payload ? payload->as_binary() : std::nullopt;
    if (!message) co_return command_error{bad_value, "saslStart needs a payload"};
    auto first = parse_client_first(*message);
    if (!first) co_return first.error();
    auto verifier = decoy_verifier(first->user, c.parts.decoy_secret);
    client.applicant = {first->user, true};
    const std::array<sql_parameter, 1> parameters{first->user};
    auto lookup = c.parts.pool.query("postgres", find_role, parameters, c.until);
    auto row = co_await std::move(lookup);
    if (!row) co_return row.error();
    if (row->size() == 2 && (*row)[0] && (*row)[1]) {
        auto known = parse_verifier(*(*row)[0]);
        if (known && known->iterations <= most_salt_iterations) {
            verifier = std::move(*known);
            client.applicant.read_only = *(*row)[1] != "rw";
        }
    }
    client.login.emplace(std::move(*first), std::move(verifier), base64(random_bytes(24)));
    client.proven = false;
    client.skip_empty = wants_to_skip(command);
    co_return conversation(false, client.login->server_first());
}

task<answer<std::string>> run_sasl_start(command_context& c) {
    co_return co_await begin_login(c, c.command());
}

task<answer<std::string>> run_sasl_continue(command_context& c) {
    auto& client = c.client;
    const auto id = find_element(c.command(), "conversationId");
    const auto payload = find_element(c.command(), "payload");
    const auto message = payload ? payload->as_binary() : std::nullopt;
    if (!client.login || !id || id->as_integer() != conversation_id || !message) {
        co_return command_error{protocol_error, "no SASL conversation is under way"};
    }
    if (client.proven) {
        if (!message->empty()) co_return refused(client);
        client.who = client.applicant;
        client.login.reset();
        co_return conversation(true, {});
    }
    auto last = client.login->finish(*message);
    if (!last) co_return refused(client);
    if (!client.skip_empty) {
        client.proven = true;
        co_return conversation(false, *last);
    }
    client.who = client.applicant;
    client.login.reset();
    co_return conversation(true, *last);
}

task<answer<std::string>> run_logout(command_context& c) {
    c.client.who.reset();
    c.client.login.reset();
    co_return ok_document();
}

}  // namespace gasper::mongodb
