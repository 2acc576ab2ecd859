#include <nlohmann/json.hpp>

#include "web/problem.hpp"
#include "web/routes.hpp"
#include "web/schema.hpp"

namespace gasper::web {

namespace {

using nlohmann::json;

json reference(std::string_view schema) {
    return {{"$ref", "#/components/schemas/" + std::string(schema)}};
}

json described(const parameter& p, std::string_view where) {
    json schema;
    if (p.type == kind::boolean) schema = {{"type", "boolean"}, {"default", false}};
    if (p.type == kind::integer) schema = {{"type", "integer"}, {"minimum", p.least}, {"maximum", p.most}};
    if (p.type == kind::text) schema = {{"type", "string"}, {"minLength", p.least}, {"maxLength", p.most}};
    return {{"name", p.name},
            {"in", where},
            {"required", where == "path" || p.required},
            {"description", p.doc},
            {"schema", schema}};
}

json parameters_of(const route& r) {
    json out = json::array();
    for (auto open = r.pattern.find('{'); open != std::string_view::npos; open = r.pattern.find('{', open + 1)) {
        const auto name = r.pattern.substr(open + 1, r.pattern.find('}', open) - open - 1);
        out.push_back(described(path_parameter(name), "path"));
    }
    for (const auto& p : r.query)
        out.push_back(described(p, "query"));
    return out;
}

bool streams(const route& r) {
    return std::any_of(r.answers.begin(), r.answers.end(), [](const auto& a) { return a.type == event_stream; });
}

json answers_of(const route& r) {
    json out = json::object();
    for (const auto& a : r.answers) {
        json one{{"description", a.doc}};
        if (a.type == event_stream) {
            one["content"][std::string(a.type)]["schema"] = {{"type", "string"}};
        } else if (!a.schema.empty()) {
            one["content"][std::string(a.type)]["schema"] = reference(a.schema);
        }
        out[std::to_string(a.status)] = std::move(one);
    }
    std::vector<int> refusals = r.refusals;
    refusals.push_back(421);
    if (!r.anonymous) refusals.insert(refusals.end(), {401, 503, 504});
    if (r.verb != method::get && !r.anonymous) refusals.push_back(403);
    if (r.pattern.find('{') != std::string_view::npos) refusals.push_back(404);
    if (!r.query.empty() || !r.body.empty()) refusals.push_back(422);
    if (!r.body.empty()) refusals.insert(refusals.end(), {400, 413, 415});
    for (const int status : refusals)
        out[std::to_string(status)] = {{"description", reason_phrase(status)},
                                       {"content", {{"application/problem+json", {{"schema", reference("Problem")}}}}}};
    return out;
}

json operation(const route& r) {
    json out{{"operationId", r.id}, {"tags", {r.group}}, {"summary", r.summary}, {"responses", answers_of(r)}};
    auto parameters = parameters_of(r);
    if (streams(r))
        parameters.push_back({{"name", "Last-Event-ID"},
                              {"in", "header"},
                              {"required", false},
                              {"description", "goes on behind the event with this id"},
                              {"schema", {{"type", "string"}, {"maxLength", 128}}}});
    if (!parameters.empty()) out["parameters"] = std::move(parameters);
    if (!r.body.empty())
        out["requestBody"] = {{"required", true}, {"content", {{"application/json", {{"schema", reference(r.body)}}}}}};
    if (r.anonymous) out["security"] = json::array();
    return out;
}

}  // namespace

std::string openapi_document(std::span<const route> table, std::string_view version) {
    json document{{"openapi", "3.1.0"},
                  {"info",
                   {{"title", "Gasper"},
                    {"version", version},
                    {"summary", "Apps, their config vars, releases, builds and logs"},
                    {"description",
                     "Log in at `/api/v1/auth/login` and send the token as `Authorization: Bearer`. Refusals are "
                     "`application/problem+json` with a stable `code`. Long work answers 202 with a job, whose log is "
                     "a stream of "
                     "server-sent events. Times are RFC 3339 in UTC."},
                    {"license", {{"name", "See the project"}}}}},
                  {"servers", {{{"url", "/"}}}},
                  {"security", {{{"bearer", json::array()}}, {{"session", json::array()}}}},
                  {"paths", json::object()}};
    for (const auto& r : table) {
        std::string verb(to_string(r.verb));
        for (auto& c : verb)
            c = static_cast<char>(c + 32);
        document["paths"][std::string(r.pattern)][verb] = operation(r);
    }
    document["components"] = {
        {"schemas", schemas()},
        {"securitySchemes",
         {{"bearer", {{"type", "http"}, {"scheme", "bearer"}, {"bearerFormat", "JWT"}}},
          {"session",
           {{"type", "apiKey"},
            {"in", "cookie"},
            {"name", "gasper_session"},
            {"description",
             "The dashboard's session, from `/api/v1/auth/session`; `__Host-gasper_session` over TLS. Changes need "
             "an Origin header that names this host."}}}}}};
    return document.dump();
}

}  // namespace gasper::web
