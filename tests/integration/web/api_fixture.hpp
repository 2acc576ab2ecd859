// The API on a real control plane whose cluster is scripted; no sockets. Each answer is held to what the OpenAPI
// document says of it.
#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/control_world.hpp"
#include "tests/support/temporary_directory.hpp"
#include "web/api.hpp"
#include "web/events.hpp"
#include "web/schema.hpp"

namespace gasper::web {

using nlohmann::json;

struct answered {
    response raw;
    json body;
    std::string code() const { return body.is_object() ? body.value("code", "") : ""; }
};

class api_fixture : public testing::Test {
 protected:
    static void SetUpTestSuite() { init_crypto(); }

    request make(method m, std::string target, const std::string& body = {}) {
        request r;
        r.verb = m;
        r.target = std::move(target);
        r.peer = "127.0.0.1";
        r.fields.add("Host", "localhost:8000");
        if (!body.empty()) r.fields.add("Content-Type", "application/json");
        r.body = body;
        return r;
    }

    answered send(request r) {
        const auto verb = r.verb;
        const auto target = r.target;
        answered out{world.settle(api_.handle(std::move(r))), {}};
        EXPECT_TRUE(out.raw.fields.has("Content-Security-Policy")) << target;
        EXPECT_EQ(out.raw.fields.get("X-Content-Type-Options"), "nosniff");
        if (out.raw.fields.get("Content-Type").find("json") != std::string_view::npos)
            out.body = json::parse(out.raw.content());
        check_documented(verb, target, out);
        return out;
    }

    /// As the admin, with a token.
    answered ask(method m, std::string target, const std::string& body = {}) {
        auto r = make(m, std::move(target), body);
        r.fields.add("Authorization", "Bearer " + token());
        return send(std::move(r));
    }

    const std::string& token() {
        if (token_.empty())
            token_ = send(make(method::post, "/api/v1/auth/login", R"({"name":"ann","password":"password"})"))
                         .body.at("token");
        return token_;
    }

    /// The whole of an event stream that ends by itself.
    std::string read_events(const response& from) {
        auto q = std::make_shared<event_queue>(world.platform().executor());
        world.settle([](event_source source, std::shared_ptr<event_queue> queue) -> task<int> {
            co_await source(*queue);
            queue->close();
            co_return 0;
        }(from.events, q));
        return world.settle(q->take(deadline::after(std::chrono::seconds(5))));
    }

 private:
    static void check_documented(method verb, const std::string& target, const answered& got) {
        const auto to = parse_target(target);
        if (!to) return;
        const auto at = find_route(routes(), verb, to->segments);
        if (!at.at) return;
        const auto document = json::parse(openapi_document(routes(), "1"));
        std::string name(to_string(at.at->verb));
        for (auto& c : name)
            c = static_cast<char>(c + 32);
        const auto& responses = document.at("paths").at(std::string(at.at->pattern)).at(name).at("responses");
        EXPECT_TRUE(responses.contains(std::to_string(got.raw.status)))
            << target << " answers " << got.raw.status << ", not documented";
        for (const auto& a : at.at->answers) {
            if (a.status != got.raw.status || a.schema.empty()) continue;
            const auto fits = check_schema(a.schema, got.body);
            EXPECT_TRUE(fits) << target << ": " << (fits ? "" : fits.error().message) << "\n" << got.body;
        }
        if (got.raw.status >= 400) {
            EXPECT_TRUE(check_schema("Problem", got.body)) << got.body;
            EXPECT_EQ(got.raw.fields.get("Content-Type"), "application/problem+json");
        }
    }

 protected:
    test::temporary_directory directory_;
    test::scripted_cluster cluster;
    test::control_world world{directory_.path(), cluster};
    options settings;

 private:
    logger log_{"test", log_level::error};
    std::string token_;

 protected:
    api api_{world.platform(), world.box(), settings, log_};
};

}  // namespace gasper::web
