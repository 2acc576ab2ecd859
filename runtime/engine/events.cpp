#include <fmt/format.h>

#include "runtime/engine/client.hpp"
#include "runtime/engine/json.hpp"

namespace gasper::runtime {

using engine_json::get;
using engine_json::json;
using engine_json::object;

namespace {

constexpr std::size_t longest_event = 1 << 20;

engine_event read_event(const json& v) {
    const auto& actor = object(v, "Actor");
    return {get<std::string>(v, "Type"), get<std::string>(v, "Action"), get<std::string>(actor, "ID"),
            engine_json::read_labels(object(actor, "Attributes")), get<std::int64_t>(v, "timeNano")};
}

}  // namespace

task<result<>> engine_client::events(std::vector<std::string> with_labels, std::vector<std::string> actions,
                                     std::int64_t since_nanoseconds, std::function<void(engine_event)> sink,
                                     deadline until) {
    auto path = "/events?filters=" +
                engine_json::filters(
                    {{"type", {"container"}}, {"event", std::move(actions)}, {"label", std::move(with_labels)}});
    if (since_nanoseconds > 0)
        path += fmt::format("&since={}.{:09}", since_nanoseconds / 1'000'000'000, since_nanoseconds % 1'000'000'000);
    auto stream = co_await open(http_request("GET", std::move(path)), until);
    if (!stream) co_return stream.error();
    std::string buffered;
    for (;;) {
        auto piece = co_await (*stream)->read(until);
        if (!piece && piece.error().kind == errc::deadline) co_return result<>();
        if (!piece) co_return piece.error();
        if (piece->empty()) co_return fail(errc::unavailable, "engine_gone", "the engine ended its event stream");
        buffered += *piece;
        for (auto end = buffered.find('\n'); end != std::string::npos; end = buffered.find('\n')) {
            const std::string line = buffered.substr(0, end);
            buffered.erase(0, end + 1);
            if (line.find_first_not_of(" \r") == std::string::npos) continue;
            auto event = engine_json::parse(line, read_event);
            if (!event) co_return event.error();
            sink(std::move(*event));
        }
        if (buffered.size() > longest_event)
            co_return fail(errc::unavailable, "engine_protocol", "an event over 1 MiB");
    }
}

}  // namespace gasper::runtime
