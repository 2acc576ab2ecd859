#include "web/handlers/streams.hpp"

#include <charconv>
#include <nlohmann/json.hpp>

#include "control/platform.hpp"
#include "web/events.hpp"

namespace gasper::web {

namespace {

std::size_t line_after(const headers& fields) {
    const auto last = fields.get("Last-Event-ID");
    std::size_t n = 0;
    const auto [end, bad] = std::from_chars(last.data(), last.data() + last.size(), n);
    return bad == std::errc{} && end == last.data() + last.size() ? n : 0;
}

task<> produce(control::platform& platform, control::identity who, job_id id, std::size_t from, event_queue& out) {
    std::size_t number = from;
    const line_sink sink = [&out, &number](std::string_view line) {
        out.push({.name = {}, .id = std::to_string(++number), .data = line});
    };
    const auto ended = co_await platform.streams().follow_job(who, id, from, sink);
    nlohmann::json data;
    if (ended) {
        data = {{"state", to_string(ended->state)}, {"reason", ended->reason}};
    } else {
        data = {{"state", "unknown"}, {"code", ended.error().code}, {"reason", ended.error().message}};
    }
    out.push({.name = "end", .id = {}, .data = data.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)});
}

}  // namespace

response stream_of_events(event_source source) {
    response out;
    out.fields.set("Content-Type", "text/event-stream");
    out.fields.set("X-Accel-Buffering", "no");
    out.events = std::move(source);
    return out;
}

response stream_of_job(services& s, control::identity who, job_id id, const headers& fields) {
    return stream_of_events([&platform = s.platform, who = std::move(who), id, from = line_after(fields)](
                                event_queue& out) { return produce(platform, who, id, from, out); });
}

}  // namespace gasper::web
