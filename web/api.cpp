#include "web/api.hpp"

#include <boost/system/system_error.hpp>
#include <nlohmann/json.hpp>

#include "control/platform.hpp"
#include "core/base/deadline.hpp"
#include "web/access.hpp"
#include "web/assets.hpp"
#include "web/problem.hpp"
#include "web/schema.hpp"
#include "web/throttle.hpp"
#include "web/tokens.hpp"

namespace gasper::web {

namespace {

constexpr std::size_t small_body = 8u << 10;  // of somebody we do not know

bool safe(method m) {
    return m == method::get || m == method::head;
}

bool json_type(std::string_view content_type) {
    const auto type = content_type.substr(0, content_type.find(';'));
    return same_ignoring_case(type.substr(0, type.find_last_not_of(" \t") + 1), "application/json");
}

response not_found() {
    return problem(fail(errc::not_found, "not_found", "the API has no such path: see /api/openapi.json"));
}

response wrong_method(const std::vector<method>& allowed) {
    std::string names;
    for (const auto m : allowed)
        names += (names.empty() ? "" : ", ") + std::string(to_string(m));
    auto out = problem(405, fail(errc::invalid, "method_not_allowed", "this path takes " + names));
    out.fields.set("Allow", names);
    return out;
}

result<> check_origin(const request& r, const route& at, const std::optional<credential>& who) {
    if (safe(r.verb)) return {};
    // A login from a foreign page would put its visitor into a foreign account; scripts send no Origin.
    const bool browser = at.anonymous ? r.fields.has("Origin") : who && who->cookie;
    if (browser && !same_origin(r.fields))
        return fail(errc::forbidden, "foreign_origin", "a session may only be used from the dashboard's own pages");
    return {};
}

}  // namespace

struct api::state {
    state(control::platform& p, const secret_box& keys, const options& o, logger& l)
        : logins(keys.derive("jwt"), o.session),
          openapi(openapi_document(routes(), GASPER_VERSION)),
          parts{p, logins, throttle, o, l, 0, openapi} {}

    tokens logins;
    login_throttle throttle;
    std::string openapi;
    services parts;
};

api::api(control::platform& platform, const secret_box& keys, const options& settings, logger& log)
    : state_(std::make_unique<state>(platform, keys, settings, log)) {}

api::~api() = default;

std::size_t api::body_limit(const request& head) {
    const auto who = credential_of(head.fields);
    return who && state_->logins.verify(who->token) ? state_->parts.settings.max_body : small_body;
}

task<result<control::identity>> api::authenticate(const request& r) {
    const auto who = credential_of(r.fields);
    if (!who) co_return fail(errc::unauthenticated, "login_required", "log in first: POST /api/v1/auth/login");
    const auto id = state_->logins.verify(who->token);
    if (!id) co_return id.error();
    auto known = co_await state_->parts.platform.accounts().by_id(*id);
    if (!known && (known.error().kind == errc::not_found || known.error().kind == errc::unauthenticated))
        co_return fail(errc::unauthenticated, "token_invalid", "the user of this login is gone");
    co_return known;
}

task<result<response>> api::run(const route& at, const request& r, const target& to, found where, std::string& user) {
    const auto from = client_of(r);
    control::identity who;
    if (auto allowed = check_origin(r, at, credential_of(r.fields)); !allowed) co_return allowed.error();
    if (!at.anonymous) {
        auto known = co_await authenticate(r);
        if (!known) co_return known.error();
        who = std::move(*known);
        user = who.name;
    }
    if (auto fits = check_query(at, to.query); !fits) co_return fits.error();
    nlohmann::json body;
    if (!at.body.empty()) {
        if (!json_type(r.fields.get("Content-Type")))
            co_return problem(415, fail(errc::invalid, "not_json", "send Content-Type: application/json"));
        if (auto read = parse_json(r.body, body); !read) co_return problem(400, read.error());
        if (auto fits = check_schema(at.body, body); !fits) co_return fits.error();
    } else if (!r.body.empty()) {
        co_return problem(400, fail(errc::invalid, "unexpected_body", "this request takes no body"));
    }
    call c{r, from, std::move(who), std::move(where.path), to.query, body};
    co_return co_await at.run(state_->parts, std::move(c));
}

task<response> api::answer(const request& r, std::string_view& route_name, std::string& user) {
    const auto to = parse_target(r.target);
    if (!to) co_return problem(400, to.error());
    auto where = find_route(routes(), r.verb, to->segments);
    if (where.at) route_name = where.at->pattern;
    // Health is asked for by whatever name a balancer uses, and tells nothing.
    if (route_name != "/healthz" && !host_allowed(r.fields, state_->parts.settings))
        co_return problem(421, fail(errc::invalid, "unknown_host", "this server does not answer for that host name"));
    if (!where.at && !where.allowed.empty()) co_return wrong_method(where.allowed);
    if (!where.at && to->segments.front() == "api") co_return not_found();
    if (!where.at) co_return dashboard(r, to->path);
    const auto until = deadline::after(state_->parts.settings.request_limit);
    const auto& at = *where.at;
    auto done = co_await with_deadline(attempt(at, r, *to, std::move(where), user), until, std::string(at.id));
    co_return done ? std::move(*done) : problem(done.error());
}

// Faults end here and not in with_deadline, which would wait for its deadline before it passed them on.
task<result<response>> api::attempt(const route& at, const request& r, const target& to, found where,
                                    std::string& user) {
    std::string what;
    try {
        co_return co_await run(at, r, to, std::move(where), user);
    } catch (const refusal& e) {
        co_return e.reason();
    } catch (const boost::system::system_error& e) {
        if (e.code() == asio::error::operation_aborted) throw;
        what = e.what();
    } catch (const std::exception& e) {
        what = e.what();
    }
    state_->parts.log.error("request_fault", {{"route", at.pattern}, {"what", what}});
    co_return fail(errc::failed, "internal", "something broke here; the server's log says what");
}

task<response> api::handle(request r) {
    const auto began = std::chrono::steady_clock::now();
    std::string_view route_name = "-";
    std::string user;
    auto out = co_await answer(r, route_name, user);
    add_security_headers(out.fields);
    if (!out.fields.has("Cache-Control")) out.fields.set("Cache-Control", "no-store");
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - began;
    state_->parts.log.info("request", {{"method", to_string(r.verb)},
                                       {"route", route_name},
                                       {"status", out.status},
                                       {"ms", fmt::format("{:.1f}", took.count())},
                                       {"user", user},
                                       {"peer", client_of(r).address}});
    co_return out;
}

}  // namespace gasper::web
