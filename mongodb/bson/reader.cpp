#include "mongodb/bson/reader.hpp"

#include <cmath>
#include <cstring>

#include "mongodb/bson/utf8.hpp"

namespace gasper::mongodb {
namespace {

constexpr std::size_t smallest_document = 5;

template <class T>
T little(std::string_view bytes) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i)
        value |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
    T out{};
    if constexpr (std::is_floating_point_v<T>) {
        std::memcpy(&out, &value, sizeof out);
    } else {
        out = static_cast<T>(value);
    }
    return out;
}

/// 4 + n bytes at the front of `rest`, where its first four say n ≥ least; npos: they do not fit.
std::size_t counted(std::string_view rest, std::uint32_t least, std::size_t beside) {
    if (rest.size() < 4) return std::string_view::npos;
    const auto n = little<std::uint32_t>(rest);
    if (n < least || n > rest.size()) return std::string_view::npos;
    return n + beside;
}

std::size_t c_string(std::string_view rest) {
    const auto end = rest.find('\0');
    return end == std::string_view::npos ? end : end + 1;
}

std::size_t size_of_text(std::string_view rest) {
    const auto n = counted(rest, 1, 4);
    return n != std::string_view::npos && n <= rest.size() && rest[n - 1] == '\0' ? n : std::string_view::npos;
}

std::size_t size_of_regex(std::string_view rest) {
    const auto pattern = c_string(rest);
    if (pattern == std::string_view::npos) return pattern;
    const auto options = c_string(rest.substr(pattern));
    return options == std::string_view::npos ? options : pattern + options;
}

/// How many bytes the value at the front of `rest` takes; npos when its type is unknown or its length cannot be. What
/// is larger than `rest` is the caller's to refuse.
std::size_t size_of_value(bson_type type, std::string_view rest) {
    switch (type) {
        case bson_type::number_double:
        case bson_type::date:
        case bson_type::timestamp:
        case bson_type::int64:
            return 8;
        case bson_type::string:
        case bson_type::code:
        case bson_type::symbol:
            return size_of_text(rest);
        case bson_type::document:
        case bson_type::array:
            return counted(rest, smallest_document, 0);
        case bson_type::binary:
            return counted(rest, 0, 5);
        case bson_type::object_id:
            return 12;
        case bson_type::boolean:
            return 1;
        case bson_type::undefined:
        case bson_type::null:
        case bson_type::max_key:
        case bson_type::min_key:
            return 0;
        case bson_type::regex:
            return size_of_regex(rest);
        case bson_type::db_pointer: {
            const auto text = size_of_text(rest);
            return text == std::string_view::npos ? text : text + 12;
        }
        case bson_type::code_with_scope:
            return counted(rest, 14, 0);
        case bson_type::int32:
            return 4;
        case bson_type::decimal128:
            return 16;
    }
    return std::string_view::npos;
}

std::string_view text_of(std::string_view value) {
    return value.substr(4, value.size() - 5);
}

answer<> malformed(std::string what) {
    return command_error{invalid_bson, "the BSON document is malformed: " + std::move(what)};
}

answer<> check_nested(std::string_view document, int depth);

answer<> check_value(const bson_element& e, int depth) {
    switch (e.type) {
        case bson_type::string:
        case bson_type::code:
        case bson_type::symbol:
            if (!is_utf8(text_of(e.value))) return malformed("a string is not UTF-8");
            return {};
        case bson_type::regex:
            if (!is_utf8(e.value)) return malformed("a regular expression is not UTF-8");
            return {};
        case bson_type::boolean:
            if (static_cast<unsigned char>(e.value[0]) > 1) return malformed("a boolean is neither 0 nor 1");
            return {};
        case bson_type::document:
        case bson_type::array:
            return check_nested(e.value, depth + 1);
        case bson_type::code_with_scope: {
            const auto inner = e.value.substr(4);
            const auto text = size_of_text(inner);
            if (text == std::string_view::npos) return malformed("code with a scope has no code");
            if (!is_utf8(text_of(inner.substr(0, text)))) return malformed("a string is not UTF-8");
            return check_nested(inner.substr(text), depth + 1);
        }
        default:
            return {};
    }
}

answer<> check_nested(std::string_view document, int depth) {
    if (depth > max_nesting) return malformed("it is nested too deeply");
    bson_cursor at(document);
    while (at.next()) {
        if (!is_utf8(at.element().name)) return malformed("a field name is not UTF-8");
        if (auto ok = check_value(at.element(), depth); !ok) return ok;
    }
    if (!at.ok()) return malformed("a length or a type does not fit");
    return {};
}

}  // namespace

std::uint32_t stated_size(std::string_view document) {
    return document.size() < 4 ? 0 : little<std::uint32_t>(document);
}

bson_cursor::bson_cursor(std::string_view document) {
    ok_ = document.size() >= smallest_document && stated_size(document) == document.size() && document.back() == '\0';
    if (ok_) rest_ = document.substr(4, document.size() - smallest_document);
}

bool bson_cursor::next() {
    if (!ok_ || rest_.empty()) return false;
    ok_ = false;
    const auto type = static_cast<bson_type>(rest_.front());
    const auto name = c_string(rest_.substr(1));
    if (name == std::string_view::npos) return false;
    const auto value = rest_.substr(1 + name);
    const auto size = size_of_value(type, value);
    if (size > value.size()) return false;
    element_ = {type, rest_.substr(1, name - 1), value.substr(0, size), rest_.substr(0, 1 + name + size)};
    rest_.remove_prefix(1 + name + size);
    ok_ = true;
    return true;
}

std::optional<std::string_view> bson_element::as_string() const {
    if (type != bson_type::string) return {};
    return text_of(value);
}

std::optional<std::string_view> bson_element::as_document() const {
    if (type != bson_type::document && type != bson_type::array) return {};
    return value;
}

std::optional<std::string_view> bson_element::as_binary() const {
    if (type != bson_type::binary) return {};
    return value.substr(5);
}

std::optional<std::int64_t> bson_element::as_integer() const {
    if (type == bson_type::int32) return little<std::int32_t>(value);
    if (type == bson_type::int64) return little<std::int64_t>(value);
    if (type != bson_type::number_double) return {};
    const auto number = little<double>(value);
    constexpr double exact = 9007199254740992.0;
    if (!(number >= -exact && number <= exact) || number != std::trunc(number)) return {};
    return static_cast<std::int64_t>(number);
}

std::optional<bool> bson_element::as_flag() const {
    if (type == bson_type::boolean) return value[0] != 0;
    if (type == bson_type::number_double) return little<double>(value) != 0;
    if (const auto number = as_integer()) return *number != 0;
    return {};
}

std::optional<bson_element> find_element(std::string_view document, std::string_view name) {
    bson_cursor at(document);
    while (at.next()) {
        if (at.element().name == name) return at.element();
    }
    return {};
}

answer<> check_document(std::string_view document, std::size_t limit) {
    if (document.size() > limit) return command_error{10334, "the BSON document is too large"};
    return check_nested(document, 0);
}

}  // namespace gasper::mongodb
