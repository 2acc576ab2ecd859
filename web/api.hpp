// The application behind the server: takes a request value, gives a response value; no sockets. Checks the host, finds
// the route, knows the caller, holds the request to the route, runs the handler, and shapes refusals. What is no
// API path is the dashboard's. All calls on the control executor, one at a time; it outlives every response.
#pragma once

#include <memory>

#include "core/base/crypto.hpp"
#include "core/base/log.hpp"
#include "web/application.hpp"
#include "web/options.hpp"
#include "web/routes.hpp"

namespace gasper::web {

class api final : public application {
 public:
    /// `keys` signs the logins. init_crypto() was called.
    api(control::platform& platform, const secret_box& keys, const options& settings, logger& log);
    ~api() override;

    task<response> handle(request r) override;
    std::size_t body_limit(const request& head) override;

 private:
    struct state;
    task<response> answer(const request& r, std::string_view& route_name, std::string& user);
    task<result<response>> run(const route& at, const request& r, const target& to, found where, std::string& user);
    task<result<response>> attempt(const route& at, const request& r, const target& to, found where, std::string& user);
    task<result<control::identity>> authenticate(const request& r);
    std::unique_ptr<state> state_;
};

}  // namespace gasper::web
