#include "runtime/engine/progress.hpp"

#include "runtime/engine/json.hpp"

namespace gasper::runtime {

using engine_json::get;
using engine_json::json;
using engine_json::object;

result<> progress_parser::feed(std::string_view data, const sink& out) {
    while (!data.empty()) {
        const auto end = data.find('\n');
        buffered_.append(data.substr(0, end));
        if (buffered_.size() > longest_message)
            return fail(errc::unavailable, "engine_protocol", "a progress message of the engine is larger than 1 MiB");
        if (end == std::string_view::npos) return {};
        data.remove_prefix(end + 1);
        const std::string text = std::exchange(buffered_, {});
        if (auto ok = message(text, out); !ok) return ok;
    }
    return {};
}

result<> progress_parser::finish(const sink& out) {
    const std::string text = std::exchange(buffered_, {});
    auto ok = message(text, out);
    lines_.finish(out);
    return ok;
}

result<> progress_parser::message(std::string_view text, const sink& out) {
    if (text.find_first_not_of(" \r\t") == std::string_view::npos) return {};
    auto read = engine_json::parse(std::string(text), [&](const json& m) {
        if (const auto why = get<std::string>(m, "error"); !why.empty()) failure_ = why;
        if (const auto why = get<std::string>(object(m, "errorDetail"), "message"); !why.empty()) failure_ = why;
        if (const auto id = get<std::string>(object(m, "aux"), "ID"); !id.empty()) id_ = id;
        if (const auto piece = get<std::string>(m, "stream"); !piece.empty()) lines_.feed(piece, out);
        if (const auto status = get<std::string>(m, "status"); !status.empty()) {
            if (status.starts_with("sha256:")) id_ = status;
            // A layer's bar moves hundreds of times: each state of a layer is said once.
            const auto layer = get<std::string>(m, "id");
            const auto line = layer.empty() ? status : layer + ": " + status;
            if (said_.size() < 10'000 && said_.insert(line).second) out(line);
        }
        return true;
    });
    if (!read) return read.error();
    return {};
}

}  // namespace gasper::runtime
