// BSON read where it lies (bsonspec.org 1.1): a cursor over the elements of one document, and the check that a document
// from outside is well formed. Nothing is copied; a view is valid as long as the bytes are. Values; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "mongodb/command_error.hpp"

namespace gasper::mongodb {

enum class bson_type : std::uint8_t {
    number_double = 0x01,
    string = 0x02,
    document = 0x03,
    array = 0x04,
    binary = 0x05,
    undefined = 0x06,
    object_id = 0x07,
    boolean = 0x08,
    date = 0x09,
    null = 0x0A,
    regex = 0x0B,
    db_pointer = 0x0C,
    code = 0x0D,
    symbol = 0x0E,
    code_with_scope = 0x0F,
    int32 = 0x10,
    timestamp = 0x11,
    int64 = 0x12,
    decimal128 = 0x13,
    max_key = 0x7F,
    min_key = 0xFF,
};

constexpr std::size_t max_document_bytes = 16 * 1024 * 1024;
/// A command may be larger than the document that it carries.
constexpr std::size_t max_command_bytes = max_document_bytes + 16 * 1024;
constexpr int max_nesting = 180;

/// One element; `raw` is the whole of it (type, name, value), `value` what follows the name.
struct bson_element {
    bson_type type{bson_type::null};
    std::string_view name;
    std::string_view value;
    std::string_view raw;

    std::optional<std::string_view> as_string() const;
    /// A document's or an array's bytes.
    std::optional<std::string_view> as_document() const;
    /// The payload of a binary of any subtype.
    std::optional<std::string_view> as_binary() const;
    /// int32, int64, or a double that is a whole number within 53 bits.
    std::optional<std::int64_t> as_integer() const;
    /// What MongoDB takes for true: a boolean, or a number other than 0. None of any other type.
    std::optional<bool> as_flag() const;
};

/// Walks one document. The first thing that does not fit ends the walk and sticks: ask ok() once at the end.
class bson_cursor {
 public:
    explicit bson_cursor(std::string_view document);
    /// False at the end and after an error.
    bool next();
    const bson_element& element() const noexcept { return element_; }
    bool ok() const noexcept { return ok_; }

 private:
    std::string_view rest_;  // elements that are to come, without the final zero
    bson_element element_;
    bool ok_{true};
};

/// The first top-level element of that name; none when there is none.
std::optional<bson_element> find_element(std::string_view document, std::string_view name);

/// Checks a whole document, also what is nested in it: lengths, types, names and strings in UTF-8, at most `limit`
/// bytes and max_nesting levels. Refusals: invalid_bson, 10334 (too large).
answer<> check_document(std::string_view document, std::size_t limit);

/// The number that a document's first four bytes say; 0 when there are fewer.
std::uint32_t stated_size(std::string_view document);

}  // namespace gasper::mongodb
