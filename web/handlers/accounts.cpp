#include <nlohmann/json.hpp>

#include "control/platform.hpp"
#include "control/views/views.hpp"
#include "core/base/log.hpp"
#include "web/access.hpp"
#include "web/handlers/answers.hpp"
#include "web/handlers/handlers.hpp"
#include "web/options.hpp"
#include "web/problem.hpp"
#include "web/throttle.hpp"
#include "web/tokens.hpp"
#include "web/uri.hpp"

namespace gasper::web::handlers {

namespace {

constexpr int max_logins_in_flight = 8;  // each holds 64 MiB while Argon2id runs

class in_flight {
 public:
    explicit in_flight(int& count) : count_(count) { ++count_; }
    ~in_flight() { --count_; }
    in_flight(const in_flight&) = delete;
    in_flight& operator=(const in_flight&) = delete;

 private:
    int& count_;
};

response slow_down(std::chrono::seconds wait) {
    auto out = problem(fail(errc::rate_limited, "too_many_logins",
                            "too many logins from here: try again in " + std::to_string(wait.count()) + " s"));
    out.fields.set("Retry-After", std::to_string(wait.count()));
    return out;
}

struct login {
    control::identity who;
    tokens::issued token;
};

// The login, or the response that refuses it.
task<boost::system::result<login, response>> check_login(services& s, const call& c) {
    const auto name = c.body.at("name").get<std::string>();
    const auto password = c.body.at("password").get<std::string>();
    if (s.logins_in_flight >= max_logins_in_flight) co_return slow_down(std::chrono::seconds(1));
    if (const auto wait = s.throttle.attempt(name, c.from.address); wait.count() > 0) {
        s.log.warn("login_throttled", {{"peer", c.from.address}});
        co_return slow_down(wait);
    }
    in_flight counted(s.logins_in_flight);
    const std::string address = c.from.address;
    auto who = co_await s.platform.accounts().by_password(name, password);
    if (!who) {
        if (who.error().kind != errc::unauthenticated) s.throttle.forgive(name, address);
        co_return problem(who.error());
    }
    s.throttle.forgive(name, address);
    co_return login{*who, s.logins.issue(who->id)};
}

}  // namespace

task<result<response>> log_in(services& s, call c) {
    auto done = co_await check_login(s, c);
    if (!done) co_return done.error();
    co_return json_response(200, {{"token", done->token.text},
                                  {"expires", to_rfc3339(done->token.expires)},
                                  {"user", control::as_json(done->who)}});
}

task<result<response>> open_session(services& s, call c) {
    auto done = co_await check_login(s, c);
    if (!done) co_return done.error();
    auto out =
        json_response(200, {{"expires", to_rfc3339(done->token.expires)}, {"user", control::as_json(done->who)}});
    out.fields.add("Set-Cookie", session_cookie(done->token.text, s.settings.session, c.from.secure));
    co_return out;
}

task<result<response>> close_session(services&, call c) {
    response out;
    out.status = 204;
    out.fields.add("Set-Cookie", session_cookie({}, {}, c.from.secure));
    co_return out;
}

task<result<response>> show_user(services&, call c) {
    co_return json_response(200, control::as_json(c.who));
}

task<result<response>> list_keys(services& s, call c) {
    auto keys = co_await s.platform.accounts().keys(c.who);
    if (!keys) co_return keys.error();
    co_return json_response(200, control::as_json(*keys));
}

task<result<response>> add_key(services& s, call c) {
    auto key = co_await s.platform.accounts().add_key(c.who, c.body.at("name").get<std::string>(),
                                                      c.body.at("key").get<std::string>());
    if (!key) co_return key.error();
    auto out = json_response(201, control::as_json(*key));
    out.fields.set("Location", "/api/v1/keys/" + escape(key->fingerprint));
    co_return out;
}

task<result<response>> remove_key(services& s, call c) {
    auto removed = co_await s.platform.accounts().remove_key(c.who, c.text("key"));
    if (!removed) co_return removed.error();
    co_return no_content();
}

}  // namespace gasper::web::handlers
