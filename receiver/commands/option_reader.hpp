// Options of a command as numbers; the first that is none is kept.
#pragma once

#include <charconv>
#include <chrono>
#include <optional>
#include <string>

#include "core/model/process_settings.hpp"
#include "receiver/commands/command.hpp"

namespace gasper::receiver {

/// As a memory size, or "0": nothing is kept.
inline result<std::int64_t> parse_reservation(const std::string& text) {
    return text == "0" ? result<std::int64_t>(0) : parse_memory(text);
}

class option_reader {
 public:
    explicit option_reader(const command_call& call) : call_(call) {}

    template <class T>
    std::optional<T> number(const std::string& name) {
        if (!call_.has(name)) return std::nullopt;
        const auto& text = call_.options.at(name);
        T value{};
        const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (ec == std::errc() && end == text.data() + text.size()) return value;
        if (!fault) fault = fail(errc::invalid, "usage", "--" + name + " needs a number, not " + text + ".");
        return std::nullopt;
    }
    std::optional<std::chrono::seconds> time(const std::string& name) {
        const auto n = number<std::int32_t>(name);
        return n ? std::optional(std::chrono::seconds(*n)) : std::nullopt;
    }
    /// "512m", as `parse` reads it.
    std::optional<std::int64_t> size(const std::string& name, result<std::int64_t> (*parse)(const std::string&)) {
        if (!call_.has(name)) return std::nullopt;
        auto bytes = parse(call_.options.at(name));
        if (bytes) return *bytes;
        if (!fault) fault = bytes.error();
        return std::nullopt;
    }
    /// "disk=ssd,zone=a"; "none": none.
    std::optional<node_labels> labels(const std::string& name) {
        if (!call_.has(name)) return std::nullopt;
        const auto& text = call_.options.at(name);
        auto parsed = parse_labels(text == "none" ? "" : text);
        if (parsed) return *parsed;
        if (!fault) fault = parsed.error();
        return std::nullopt;
    }

    std::optional<error> fault;

 private:
    const command_call& call_;
};

}  // namespace gasper::receiver
