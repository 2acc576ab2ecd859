#include "control/drains/target.hpp"

#include <boost/beast/core/detail/base64.hpp>

#include "control/drains/lines.hpp"

namespace gasper::control {

namespace {

constexpr std::size_t piece = 64u << 10;  // one write: each has a deadline of its own
constexpr auto piece_time = std::chrono::seconds(30);

error wrong(const std::string& why) {
    return fail(errc::invalid, "drain_url",
                "a drain is syslog+tls://HOST[:PORT], syslog://HOST[:PORT] or https://HOST[:PORT][/PATH]: " + why);
}

std::string base64(const std::string& text) {
    namespace b64 = boost::beast::detail::base64;
    std::string out(b64::encoded_size(text.size()), 0);
    out.resize(b64::encode(out.data(), text.data(), text.size()));
    return out;
}

/// Keeps its connection. Syslog has no answers: what was sent just before a connection broke may be lost.
class syslog_target final : public drain_target {
 public:
    syslog_target(drain_address to, std::string app, bool anywhere)
        : to_{.host = to.server.host, .port = to.server.port, .tls = to.server.tls, .anywhere = anywhere},
          app_(std::move(app)),
          context_(outbound_stream::make_context()) {}

    task<result<>> send(std::vector<log_entry> lines, deadline until) override {
        if (!stream_) {
            auto made = co_await outbound_stream::connect(to_, context_, until);
            if (!made) co_return made.error();
            stream_ = std::move(*made);
        }
        std::string frames;
        for (const auto& e : lines)
            frames += syslog_frame(e, app_);
        for (std::size_t at = 0; at < frames.size(); at += piece) {
            auto sent = co_await stream_->write(frames.substr(at, piece), deadline::after(piece_time));
            if (sent) continue;
            stream_.reset();
            co_return sent;
        }
        co_return result<>();
    }

    task<bool> broken() override {
        if (!stream_) co_return false;
        const bool closed = co_await stream_->closed();
        if (closed) stream_.reset();
        co_return closed;
    }

    std::chrono::milliseconds settles() const override { return std::chrono::seconds(3); }

 private:
    outbound_stream::address to_;
    std::string app_;
    std::shared_ptr<outbound_stream::tls_context> context_;
    std::unique_ptr<outbound_stream> stream_;
};

class https_target final : public drain_target {
 public:
    https_target(drain_address to, std::string app, bool anywhere)
        : to_(std::move(to)), app_(std::move(app)), anywhere_(anywhere) {}

    task<result<>> send(std::vector<log_entry> lines, deadline until) override {
        std::map<std::string, std::string> fields;
        if (!to_.authorization.empty()) fields["Authorization"] = to_.authorization;
        auto body = json_batch(lines, app_);
        auto status = co_await poster_.post(to_.server, std::move(fields), std::move(body), anywhere_, until);
        if (!status) co_return status.error();
        if (*status >= 200 && *status < 300) co_return result<>();
        co_return fail(errc::failed, "drain_refused", "the server answered " + std::to_string(*status));
    }

    task<bool> broken() override { co_return false; }
    std::chrono::milliseconds settles() const override { return {}; }

 private:
    drain_address to_;
    std::string app_;
    bool anywhere_;
    poster poster_;
};

}  // namespace

result<drain_address> parse_drain_address(const std::string& url) {
    const auto scheme_end = url.find("://");
    const auto scheme = url.substr(0, std::min(scheme_end, url.size()));
    const bool tls = scheme == "syslog+tls" || scheme == "https";
    if (scheme_end == url.npos || (!tls && scheme != "syslog" && scheme != "http")) return wrong("it begins otherwise");
    drain_address a;
    const bool web = scheme.starts_with("http");
    if (web) a.kind = drain_address::protocol::https;
    auto rest = url.substr(scheme_end + 3);
    const auto authority = rest.substr(0, std::min(rest.find_first_of("/?#"), rest.size()));
    if (const auto at = authority.rfind('@'); at != authority.npos && web) {
        a.authorization = "Basic " + base64(authority.substr(0, at));
        rest.erase(0, at + 1);
    }
    auto server = parse_web_address((tls ? "https://" : "http://") + rest);
    if (!server) return wrong(server.error().message.substr(server.error().message.find(": ") + 2));
    a.server = std::move(*server);
    if (!web && a.server.target != "/") return wrong("a syslog server has no path");
    const auto colon = authority.rfind(':');
    const bool has_port = colon != authority.npos && authority.find(']', colon) == authority.npos;
    if (!web && !has_port) a.server.port = tls ? 6514 : 514;
    const bool v6 = a.server.host.find(':') != a.server.host.npos;
    a.shown = scheme + "://" + (v6 ? "[" + a.server.host + "]" : a.server.host) + ":" + std::to_string(a.server.port);
    if (web) a.shown += a.server.target.substr(0, a.server.target.find('?'));
    return a;
}

std::unique_ptr<drain_target> make_drain_target(drain_address to, std::string app, bool anywhere) {
    if (to.kind == drain_address::protocol::https)
        return std::make_unique<https_target>(std::move(to), std::move(app), anywhere);
    return std::make_unique<syslog_target>(std::move(to), std::move(app), anywhere);
}

}  // namespace gasper::control
