// BSON written front to back. Names must hold no NUL. A value; not shared between threads.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "mongodb/bson/reader.hpp"

namespace gasper::mongodb {

class bson_builder {
 public:
    bson_builder();

    bson_builder& add(std::string_view name, double value);
    bson_builder& add(std::string_view name, std::int32_t value);
    bson_builder& add(std::string_view name, std::int64_t value);
    bson_builder& add(std::string_view name, bool value);
    bson_builder& add(std::string_view name, std::string_view value);
    bson_builder& add(std::string_view name, const char* value) { return add(name, std::string_view(value)); }
    bson_builder& add_null(std::string_view name);
    /// Milliseconds since 1970.
    bson_builder& add_date(std::string_view name, std::int64_t milliseconds);
    /// Subtype 0.
    bson_builder& add_binary(std::string_view name, std::string_view value);
    /// A whole document or array.
    bson_builder& add_document(std::string_view name, std::string_view document);
    bson_builder& add_array(std::string_view name, std::string_view array);
    /// An element as it was read, name and all.
    bson_builder& add(const bson_element& element);

    bson_builder& begin_document(std::string_view name);
    bson_builder& begin_array(std::string_view name);
    /// Closes what begin_… opened last.
    bson_builder& end();

    /// The document; the builder is empty afterwards.
    std::string finish();

 private:
    void head(bson_type type, std::string_view name);
    void close(std::size_t start);

    std::string out_;
    std::vector<std::size_t> open_;  // where the lengths of the open documents stand, the outermost first
};

}  // namespace gasper::mongodb
