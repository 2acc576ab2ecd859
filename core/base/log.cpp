#include "core/base/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace gasper {

namespace {

spdlog::level::level_enum to_spdlog(log_level level) {
    switch (level) {
        case log_level::debug:
            return spdlog::level::debug;
        case log_level::info:
            return spdlog::level::info;
        case log_level::warn:
            return spdlog::level::warn;
        case log_level::error:
            return spdlog::level::err;
    }
    return spdlog::level::info;
}

bool needs_quotes(std::string_view value) {
    if (value.empty()) return true;
    for (unsigned char c : value)
        if (c <= ' ' || c == '"' || c == '=' || c >= 0x7f) return true;
    return false;
}

// Control bytes are escaped: what a client sent can never forge a second line.
void append_value(std::string& line, std::string_view value) {
    if (!needs_quotes(value)) {
        line += value;
        return;
    }
    line += '"';
    for (unsigned char c : value) {
        if (c == '"' || c == '\\') {
            line += '\\';
            line += static_cast<char>(c);
        } else if (c < ' ' || c == 0x7f) {
            line += fmt::format("\\x{:02x}", c);
        } else {
            line += static_cast<char>(c);
        }
    }
    line += '"';
}

}  // namespace

logger::logger(std::string part, log_level least)
    : part_(std::move(part)),
      sink_(std::make_shared<spdlog::logger>("gasper", std::make_shared<spdlog::sinks::stderr_sink_mt>())) {
    sink_->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %v");
    sink_->set_level(to_spdlog(least));
    sink_->flush_on(spdlog::level::debug);
}

logger logger::child(std::string part) const {
    return {std::move(part), sink_};
}

void logger::write(log_level level, std::string_view event, fields f) {
    const auto at = to_spdlog(level);
    if (!sink_->should_log(at)) return;
    std::string line = part_ + ": ";
    append_value(line, event);
    for (const auto& field : f) {
        line += ' ';
        line += field.key;
        line += '=';
        append_value(line, field.value);
    }
    sink_->log(at, line);
}

}  // namespace gasper
