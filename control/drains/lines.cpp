#include "control/drains/lines.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/model/model.hpp"

namespace gasper::control {

namespace {

constexpr int local0 = 16 * 8, severity_error = 3, severity_info = 6;

// What stands in a parameter's quotes (RFC 5424, 6.3.3).
std::string escaped(const std::string& value) {
    std::string out;
    for (const char c : value) {
        if (c == '"' || c == '\\' || c == ']') out += '\\';
        out += c;
    }
    return out;
}

// A header's field: printable ASCII without blanks, at most so long.
std::string field(const std::string& text, std::size_t most) {
    std::string out;
    for (const char c : text.substr(0, most))
        out += c > ' ' && c < 0x7f ? c : '_';
    return out.empty() ? "-" : out;
}

std::string to_text(log_time at) {
    return to_rfc3339(std::chrono::floor<std::chrono::milliseconds>(at));
}

}  // namespace

std::string syslog_frame(const log_entry& e, const std::string& app) {
    const auto bracket = e.source.find('[');
    const auto program = e.source.substr(0, bracket);
    const auto process =
        bracket == e.source.npos ? std::string() : e.source.substr(bracket + 1, e.source.size() - bracket - 2);
    const auto message = fmt::format(
        "<{}>1 {} {} {} {} - [gasper@32473 app=\"{}\" source=\"{}\" stream=\"{}\" sequence=\"{}\"] {}",
        local0 + (e.error ? severity_error : severity_info), to_text(e.at), field(app, 255), field(program, 48),
        field(process, 128), escaped(app), escaped(e.source), e.error ? "stderr" : "stdout", e.sequence, e.text);
    return std::to_string(message.size()) + " " + message;
}

std::string json_batch(const std::vector<log_entry>& lines, const std::string& app) {
    auto all = nlohmann::json::array();
    for (const auto& e : lines)
        all.push_back({{"app", app},
                       {"sequence", e.sequence},
                       {"at", to_text(e.at)},
                       {"source", e.source},
                       {"stream", e.error ? "stderr" : "stdout"},
                       {"text", e.text}});
    return all.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace gasper::control
