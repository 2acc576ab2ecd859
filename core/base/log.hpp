// Structured logging: an event name and key-values, one line per request or step, as logfmt on standard
// error. The logger is handed in by constructor reference. Thread-safe. Never a secret.
#pragma once

#include <fmt/format.h>

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

namespace spdlog {
class logger;
}

namespace gasper {

enum class log_level { debug, info, warn, error };

struct log_field {
    log_field(std::string_view k, std::string_view v) : key(k), value(v) {}
    log_field(std::string_view k, const char* v) : key(k), value(v) {}
    log_field(std::string_view k, const std::string& v) : key(k), value(v) {}
    template <class T>
    requires std::is_arithmetic_v<T> log_field(std::string_view k, T v) : key(k), value(fmt::format("{}", v)) {}

    std::string_view key;
    std::string value;
};

class logger {
 public:
    using fields = std::initializer_list<log_field>;

    /// `part` names the role or folder: it is the first field of each line.
    explicit logger(std::string part, log_level least = log_level::info);

    void debug(std::string_view event, fields f = {}) { write(log_level::debug, event, f); }
    void info(std::string_view event, fields f = {}) { write(log_level::info, event, f); }
    void warn(std::string_view event, fields f = {}) { write(log_level::warn, event, f); }
    void error(std::string_view event, fields f = {}) { write(log_level::error, event, f); }

    /// The same sink and level under another part name.
    logger child(std::string part) const;

 private:
    logger(std::string part, std::shared_ptr<spdlog::logger> sink) : part_(std::move(part)), sink_(std::move(sink)) {}
    void write(log_level level, std::string_view event, fields f);

    std::string part_;
    std::shared_ptr<spdlog::logger> sink_;
};

}  // namespace gasper
