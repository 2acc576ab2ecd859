#include "mongodb/postgres/protocol.hpp"

#include <utility>

namespace gasper::mongodb {
namespace {

constexpr std::uint32_t protocol_3_0 = 196608;
constexpr std::uint32_t cancel_request = 80877102;
constexpr std::uint32_t null_value = 0xFFFFFFFF;
constexpr std::size_t message_head = 5;

void put32(std::string& out, std::uint32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8)
        out += static_cast<char>(value >> shift);
}

void put16(std::string& out, std::uint16_t value) {
    out += static_cast<char>(value >> 8);
    out += static_cast<char>(value);
}

void put_text(std::string& out, std::string_view text) {
    out.append(text);
    out += '\0';
}

std::string message(char type, std::string_view body) {
    std::string out(1, type);
    put32(out, static_cast<std::uint32_t>(body.size() + 4));
    out.append(body);
    return out;
}

}  // namespace

std::uint32_t big_endian(std::string_view bytes, std::size_t at) {
    std::uint32_t value = 0;
    for (std::size_t i = at; i < at + 4; ++i)
        value = value << 8 | static_cast<unsigned char>(i < bytes.size() ? bytes[i] : '\0');
    return value;
}

std::string startup_message(std::string_view user, std::string_view database) {
    std::string body;
    put32(body, protocol_3_0);
    for (const auto text : {std::string_view("user"), user, std::string_view("database"), database,
                            std::string_view("application_name"), std::string_view("gasper-mongodb-gateway")})
        put_text(body, text);
    body += '\0';
    std::string out;
    put32(out, static_cast<std::uint32_t>(body.size() + 4));
    return out + body;
}

std::string cancel_message(std::uint32_t process, std::uint32_t key) {
    std::string out;
    for (const std::uint32_t value : {std::uint32_t{16}, cancel_request, process, key})
        put32(out, value);
    return out;
}

std::string terminate_message() {
    return message('X', {});
}

void frontend_pieces::own(std::string piece) {
    owned_.push_back(std::move(piece));
    views_.emplace_back(owned_.back());
}

void frontend_pieces::prepare(const statement& s) {
    std::string body;
    put_text(body, s.name);
    put_text(body, s.sql);
    put16(body, 0);  // the types are in the text
    own(message('P', body));
}

void frontend_pieces::run(const statement& s, std::span<const sql_parameter> parameters) {
    constexpr std::uint16_t binary = 1;
    std::string bind;
    bind += '\0';  // the unnamed portal
    put_text(bind, s.name);
    put16(bind, 1);
    put16(bind, binary);
    put16(bind, static_cast<std::uint16_t>(parameters.size()));
    constexpr std::size_t results = 4;
    std::size_t size = 4 + bind.size() + results;
    for (const auto& parameter : parameters)
        size += 4 + (parameter ? parameter->size() : 0);
    std::string piece(1, 'B');
    put32(piece, static_cast<std::uint32_t>(size));
    piece += bind;
    for (const auto& parameter : parameters) {
        put32(piece, parameter ? static_cast<std::uint32_t>(parameter->size()) : null_value);
        if (!parameter || parameter->empty()) continue;
        own(std::exchange(piece, {}));
        views_.push_back(*parameter);
    }
    put16(piece, 1);
    put16(piece, binary);
    piece += message('E', std::string(5, '\0'));  // the unnamed portal, all rows
    piece += message('S', {});
    own(std::move(piece));
}

void backend_stream::add(std::string_view bytes) {
    buffer_.erase(0, std::exchange(at_, 0));
    buffer_.append(bytes);
}

answer<std::optional<backend_message>> backend_stream::next() {
    const auto rest = std::string_view(buffer_).substr(at_);
    if (rest.size() < message_head) return std::optional<backend_message>();
    const std::size_t length = big_endian(rest, 1);
    if (length < 4 || length > max_backend_message)
        return command_error{internal_error, "the database's answer cannot be read"};
    if (rest.size() < 1 + length) return std::optional<backend_message>();
    at_ += 1 + length;
    return std::optional(backend_message{rest[0], rest.substr(message_head, length - 4)});
}

database_error parse_error(std::string_view body) {
    database_error out;
    while (!body.empty() && body[0] != '\0') {
        const auto end = body.find('\0');
        const auto value = body.substr(1, end == std::string_view::npos ? end : end - 1);
        if (body[0] == 'C') out.sqlstate = value;
        if (body[0] == 'M') out.message = value;
        body.remove_prefix(end == std::string_view::npos ? body.size() : end + 1);
    }
    return out;
}

std::optional<sql_row> parse_row(std::string_view body) {
    if (body.size() < 2) return {};
    const auto columns = big_endian(body, 0) >> 16;
    body.remove_prefix(2);
    sql_row row;
    for (std::uint32_t i = 0; i < columns; ++i) {
        if (body.size() < 4) return {};
        const auto size = big_endian(body, 0);
        body.remove_prefix(4);
        if (size == null_value) {
            row.emplace_back();
            continue;
        }
        if (size > body.size()) return {};
        row.emplace_back(std::string(body.substr(0, size)));
        body.remove_prefix(size);
    }
    return row;
}

}  // namespace gasper::mongodb
