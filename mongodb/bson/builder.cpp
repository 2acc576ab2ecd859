#include "mongodb/bson/builder.hpp"

#include <bit>
#include <utility>

namespace gasper::mongodb {
namespace {

template <class T>
void put(std::string& out, T value) {
    const auto bits = static_cast<std::uint64_t>(value);
    for (std::size_t i = 0; i < sizeof(T); ++i)
        out += static_cast<char>(bits >> (8 * i));
}

}  // namespace

bson_builder::bson_builder() : out_(4, '\0'), open_{0} {}

void bson_builder::head(bson_type type, std::string_view name) {
    out_ += static_cast<char>(type);
    out_.append(name);
    out_ += '\0';
}

bson_builder& bson_builder::add(std::string_view name, double value) {
    head(bson_type::number_double, name);
    put(out_, std::bit_cast<std::uint64_t>(value));
    return *this;
}

bson_builder& bson_builder::add(std::string_view name, std::int32_t value) {
    head(bson_type::int32, name);
    put(out_, value);
    return *this;
}

bson_builder& bson_builder::add(std::string_view name, std::int64_t value) {
    head(bson_type::int64, name);
    put(out_, value);
    return *this;
}

bson_builder& bson_builder::add(std::string_view name, bool value) {
    head(bson_type::boolean, name);
    out_ += value ? '\1' : '\0';
    return *this;
}

bson_builder& bson_builder::add(std::string_view name, std::string_view value) {
    head(bson_type::string, name);
    put(out_, static_cast<std::uint32_t>(value.size() + 1));
    out_.append(value);
    out_ += '\0';
    return *this;
}

bson_builder& bson_builder::add_null(std::string_view name) {
    head(bson_type::null, name);
    return *this;
}

bson_builder& bson_builder::add_date(std::string_view name, std::int64_t milliseconds) {
    head(bson_type::date, name);
    put(out_, milliseconds);
    return *this;
}

bson_builder& bson_builder::add_binary(std::string_view name, std::string_view value) {
    head(bson_type::binary, name);
    put(out_, static_cast<std::uint32_t>(value.size()));
    out_ += '\0';
    out_.append(value);
    return *this;
}

bson_builder& bson_builder::add_document(std::string_view name, std::string_view document) {
    head(bson_type::document, name);
    out_.append(document);
    return *this;
}

bson_builder& bson_builder::add_array(std::string_view name, std::string_view array) {
    head(bson_type::array, name);
    out_.append(array);
    return *this;
}

bson_builder& bson_builder::add(const bson_element& element) {
    out_.append(element.raw);
    return *this;
}

bson_builder& bson_builder::begin_document(std::string_view name) {
    head(bson_type::document, name);
    open_.push_back(out_.size());
    out_.append(4, '\0');
    return *this;
}

bson_builder& bson_builder::begin_array(std::string_view name) {
    head(bson_type::array, name);
    open_.push_back(out_.size());
    out_.append(4, '\0');
    return *this;
}

bson_builder& bson_builder::end() {
    close(open_.back());
    open_.pop_back();
    return *this;
}

void bson_builder::close(std::size_t start) {
    out_ += '\0';
    const auto size = static_cast<std::uint32_t>(out_.size() - start);
    for (std::size_t i = 0; i < 4; ++i)
        out_[start + i] = static_cast<char>(size >> (8 * i));
}

std::string bson_builder::finish() {
    while (!open_.empty())
        end();
    std::string document = std::exchange(out_, std::string(4, '\0'));
    open_ = {0};
    return document;
}

}  // namespace gasper::mongodb
