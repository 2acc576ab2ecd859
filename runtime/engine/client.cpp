#include "runtime/engine/client.hpp"

#include <fmt/format.h>

#include <charconv>

#include "runtime/engine/json.hpp"
#include "runtime/engine/progress.hpp"

namespace gasper::runtime {

using engine_json::get;
using engine_json::json;

namespace {

struct api_version {
    int major{0}, minor{0};
    auto operator<=>(const api_version&) const = default;
};

constexpr api_version oldest{1, 41};  // Engine 20.10
constexpr api_version newest{1, 47};  // Engine 27; newer engines speak it too

api_version parse_version(std::string_view text) {
    api_version v;
    const auto dot = text.find('.');
    if (dot == std::string_view::npos) return v;
    std::from_chars(text.data(), text.data() + dot, v.major);
    std::from_chars(text.data() + dot + 1, text.data() + text.size(), v.minor);
    return v;
}

std::string print(api_version v) {
    return fmt::format("{}.{}", v.major, v.minor);
}

result<engine_version> choose(const engine_version& offered) {
    const auto theirs = parse_version(offered.newest_api);
    const auto least = parse_version(offered.minimum_api);
    if (theirs < oldest)
        return fail(errc::unavailable, "engine_too_old",
                    fmt::format("Docker Engine {} (API {}) is too old: Gasper needs API {} (Engine 20.10) or newer",
                                offered.engine, offered.newest_api, print(oldest)));
    if (least > newest)
        return fail(
            errc::unavailable, "engine_too_new",
            fmt::format("Docker Engine {} refuses API versions under {}; this Gasper speaks up to {}: update it",
                        offered.engine, offered.minimum_api, print(newest)));
    auto chosen = offered;
    chosen.api = print(std::min(theirs, newest));
    return chosen;
}

}  // namespace

error engine_refusal(int status, const std::string& body) {
    std::string message;
    const auto parsed = json::parse(body, nullptr, false);
    if (parsed.is_object() && parsed.contains("message") && parsed["message"].is_string())
        message = parsed["message"].get<std::string>();
    if (message.empty()) message = fmt::format("status {} {}", status, body.substr(0, 200));
    if (message.size() > 2000) message.resize(2000);
    const auto kind = status == 400   ? errc::invalid
                      : status == 404 ? errc::not_found
                      : status == 409 ? errc::conflict
                      : status == 503 ? errc::unavailable
                                      : errc::failed;
    return fail(kind, "engine_refused", "the container engine refused: " + message);
}

engine_client::engine_client(asio::any_io_executor executor, engine_options options, logger& log)
    : executor_(executor),
      options_(std::move(options)),
      log_(log),
      transport_(executor, options_.socket, options_.idle_connections) {}

engine_client::~engine_client() = default;

task<result<engine_version>> engine_client::negotiate(deadline until) {
    version_.clear();
    transport_.close_idle();
    auto reply = co_await transport_.call(http_request("GET", "/version"), until);
    if (!reply) co_return reply.error();
    if (reply->status != 200) co_return engine_refusal(reply->status, reply->body);
    auto offered = engine_json::parse(reply->body, [](const json& v) {
        return engine_version{get<std::string>(v, "Version"),
                              {},
                              get<std::string>(v, "ApiVersion"),
                              get<std::string>(v, "MinAPIVersion")};
    });
    if (!offered) co_return offered.error();
    auto chosen = choose(*offered);
    if (chosen) {
        version_ = chosen->api;
        log_.debug("engine_negotiated", {{"engine", chosen->engine}, {"api", chosen->api}});
    }
    co_return chosen;
}

task<result<std::string>> engine_client::versioned(std::string rest, deadline until) {
    if (version_.empty()) {
        auto known = co_await negotiate(until.sooner(options_.probe));
        if (!known) co_return known.error();
    }
    co_return "/v" + version_ + rest;
}

task<result<http_reply>> engine_client::call(std::string method, std::string rest, std::string body, deadline until) {
    auto target = co_await versioned(std::move(rest), until);
    if (!target) co_return target.error();
    http_request request(std::move(method), std::move(*target));
    request.body = std::move(body);
    auto reply = co_await transport_.call(std::move(request), until);
    if (!reply) co_return reply.error();
    const bool good = (reply->status >= 200 && reply->status < 300) || reply->status == 304;
    if (!good) co_return engine_refusal(reply->status, reply->body);
    co_return reply;
}

task<result<std::unique_ptr<reply_stream>>> engine_client::open(http_request request, deadline until) {
    auto target = co_await versioned(std::move(request.target), until);
    if (!target) co_return target.error();
    request.target = std::move(*target);
    auto stream = co_await transport_.open(std::move(request), until);
    if (!stream) co_return stream.error();
    if ((*stream)->status() < 300) co_return stream;
    std::string body;
    for (;;) {
        auto piece = co_await (*stream)->read(until);
        if (!piece || piece->empty() || body.size() > 65536) break;
        body += *piece;
    }
    co_return engine_refusal((*stream)->status(), body);
}

task<result<std::string>> engine_client::follow_progress(reply_stream& stream, std::string code, line_sink progress,
                                                         deadline until) {
    progress_parser parser;
    auto out = [&](std::string_view line) {
        if (progress) progress(line);
    };
    for (;;) {
        auto piece = co_await stream.read(until);
        if (!piece) co_return piece.error();
        auto ok = piece->empty() ? parser.finish(out) : parser.feed(*piece, out);
        if (!ok) co_return ok.error();
        if (piece->empty()) break;
    }
    if (!parser.failure().empty()) co_return fail(errc::failed, code, parser.failure());
    co_return parser.id();
}

task<result<>> engine_client::ping(deadline until) {
    auto reply = co_await transport_.call(http_request("GET", "/_ping"), until);
    if (!reply) co_return reply.error();
    if (reply->status != 200) co_return engine_refusal(reply->status, reply->body);
    co_return result<>();
}

task<result<engine_info>> engine_client::info(deadline until) {
    auto reply = co_await call("GET", "/info", {}, until);
    if (!reply) co_return reply.error();
    co_return engine_json::parse(reply->body, [](const json& v) {
        engine_info i;
        i.id = get<std::string>(v, "ID");
        i.name = get<std::string>(v, "Name");
        i.cgroup_version = get<std::string>(v, "CgroupVersion") == "2" ? 2 : 1;
        i.storage_driver = get<std::string>(v, "Driver");
        i.root = get<std::string>(v, "DockerRootDir");
        i.init_binary = get<std::string>(v, "InitBinary");
        i.memory_bytes = get<std::int64_t>(v, "MemTotal");
        i.cpus = get<int>(v, "NCPU");
        return i;
    });
}

}  // namespace gasper::runtime
