#include "mongodb/wire/message.hpp"

#include <array>

#include "mongodb/bson/reader.hpp"

namespace gasper::mongodb {
namespace {

constexpr std::uint32_t checksum_present = 1U << 0;
constexpr std::uint32_t more_to_come = 1U << 1;
constexpr std::uint32_t required_bits = 0xFFFF;  // a receiver must know these
constexpr std::size_t max_sequences = 4;
constexpr std::uint32_t reply_await_capable = 8;

void put(std::string& out, std::uint32_t value) {
    for (int i = 0; i < 4; ++i)
        out += static_cast<char>(value >> (8 * i));
}

void put64(std::string& out, std::uint64_t value) {
    for (int i = 0; i < 8; ++i)
        out += static_cast<char>(value >> (8 * i));
}

command_error malformed(std::string what) {
    return {protocol_error, "the message is malformed: " + std::move(what)};
}

/// Takes one document off the front of `rest`.
answer<std::string_view> take_document(std::string_view& rest, std::size_t limit) {
    const auto size = stated_size(rest);
    if (size < 5 || size > rest.size()) return malformed("a document does not fit into it");
    const auto document = rest.substr(0, size);
    if (auto ok = check_document(document, limit); !ok) return ok.error();
    rest.remove_prefix(size);
    return document;
}

answer<document_sequence> take_sequence(std::string_view& rest) {
    const auto size = stated_size(rest);
    if (size < 5 || size > rest.size()) return malformed("a document sequence does not fit into it");
    auto section = rest.substr(4, size - 4);
    rest.remove_prefix(size);
    const auto end = section.find('\0');
    if (end == std::string_view::npos || end == 0) return malformed("a document sequence has no name");
    document_sequence out{section.substr(0, end), section.substr(end + 1), 0};
    for (auto left = out.documents; !left.empty(); ++out.count) {
        if (out.count == max_batch_documents)
            return command_error{invalid_length, "more than 100000 documents in one message"};
        if (auto document = take_document(left, max_document_bytes); !document) return document.error();
    }
    return out;
}

answer<> take_sections(request& out, std::string_view rest) {
    bool have_body = false;
    while (!rest.empty()) {
        const auto kind = rest.front();
        rest.remove_prefix(1);
        if (kind == 0) {
            auto body = take_document(rest, max_command_bytes);
            if (!body) return body.error();
            if (have_body) return malformed("it has two bodies");
            have_body = true;
            out.command = *body;
        } else if (kind == 1) {
            auto sequence = take_sequence(rest);
            if (!sequence) return sequence.error();
            if (out.sequences.size() == max_sequences) return malformed("it has too many document sequences");
            for (const auto& other : out.sequences) {
                if (other.field == sequence->field) return malformed("two document sequences have one name");
            }
            out.sequences.push_back(*sequence);
        } else {
            return malformed("a section is of an unknown kind");
        }
    }
    if (!have_body) return malformed("it has no body");
    for (const auto& sequence : out.sequences) {
        if (find_element(out.command, sequence.field))
            return malformed("a document sequence repeats a field of the body");
    }
    return {};
}

answer<> verify_checksum(const message_header& header, std::string_view payload) {
    std::string head;
    put(head, header.length);
    put(head, static_cast<std::uint32_t>(header.request_id));
    put(head, static_cast<std::uint32_t>(header.response_to));
    put(head, static_cast<std::uint32_t>(header.op));
    const auto covered = payload.substr(0, payload.size() - 4);
    if (crc32c(covered, crc32c(head)) != stated_size(payload.substr(covered.size())))
        return malformed("its checksum is wrong");
    return {};
}

answer<request> parse_op_msg(const message_header& header, std::string_view payload) {
    if (payload.size() < 4) return malformed("it has no flags");
    const auto flags = stated_size(payload);
    if ((flags & required_bits & ~(checksum_present | more_to_come)) != 0) return malformed("it has unknown flags");
    auto sections = payload.substr(4);
    if ((flags & checksum_present) != 0) {
        if (sections.size() < 4) return malformed("it has no checksum");
        if (auto ok = verify_checksum(header, payload); !ok) return ok.error();
        sections.remove_suffix(4);
    }
    request out;
    out.id = header.request_id;
    out.wants_reply = (flags & more_to_come) == 0;
    if (auto ok = take_sections(out, sections); !ok) return ok.error();
    const auto database = find_element(out.command, "$db");
    const auto name = database ? database->as_string() : std::nullopt;
    if (!name) return command_error{40571, "OP_MSG requests require a $db argument"};
    out.database = *name;
    return out;
}

/// flags, "<database>.$cmd", how many to skip and return, the command.
answer<request> parse_op_query(const message_header& header, std::string_view payload) {
    if (payload.size() < 4) return malformed("it has no flags");
    auto rest = payload.substr(4);
    const auto end = rest.find('\0');
    if (end == std::string_view::npos || rest.size() < end + 1 + 8) return malformed("it names no collection");
    const auto name = rest.substr(0, end);
    rest.remove_prefix(end + 1 + 8);
    constexpr std::string_view commands = ".$cmd";
    if (!name.ends_with(commands)) {
        return command_error{unsupported_op_query_command, "OP_QUERY is no longer supported: use a newer driver"};
    }
    auto command = take_document(rest, max_command_bytes);
    if (!command) return command.error();
    request out;
    out.id = header.request_id;
    out.legacy = true;
    out.command = *command;
    out.database = name.substr(0, name.size() - commands.size());
    return out;
}

constexpr std::array<std::uint32_t, 256> crc_table() {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < table.size(); ++i) {
        std::uint32_t crc = i;
        for (int bit = 0; bit < 8; ++bit)
            crc = (crc & 1) != 0 ? (crc >> 1) ^ 0x82F63B78U : crc >> 1;
        table[i] = crc;
    }
    return table;
}

}  // namespace

answer<message_header> parse_header(std::string_view bytes, std::uint32_t limit) {
    message_header h;
    h.length = stated_size(bytes);
    h.request_id = static_cast<std::int32_t>(stated_size(bytes.substr(4)));
    h.response_to = static_cast<std::int32_t>(stated_size(bytes.substr(8)));
    h.op = static_cast<std::int32_t>(stated_size(bytes.substr(12)));
    if (h.length <= header_bytes) return malformed("it is shorter than a header");
    if (h.length > limit) return command_error{invalid_length, "the message is longer than is allowed"};
    const auto op = static_cast<opcode>(h.op);
    if (op == opcode::compressed) return command_error{protocol_error, "compression was not agreed on"};
    if (op != opcode::message && op != opcode::query) return malformed("its opcode is unknown");
    return h;
}

answer<request> parse_request(const message_header& header, std::string_view payload) {
    return static_cast<opcode>(header.op) == opcode::query ? parse_op_query(header, payload)
                                                           : parse_op_msg(header, payload);
}

std::string encode_reply(std::int32_t id, const request& to, std::string_view document) {
    const std::size_t size = header_bytes + (to.legacy ? 20 : 5) + document.size();
    std::string out;
    out.reserve(size);
    put(out, static_cast<std::uint32_t>(size));
    put(out, static_cast<std::uint32_t>(id));
    put(out, static_cast<std::uint32_t>(to.id));
    put(out, static_cast<std::uint32_t>(to.legacy ? opcode::reply : opcode::message));
    if (to.legacy) {
        put(out, reply_await_capable);
        put64(out, 0);  // no cursor
        put(out, 0);    // from the first
        put(out, 1);    // one document
    } else {
        put(out, 0);
        out += '\0';
    }
    out.append(document);
    return out;
}

std::uint32_t crc32c(std::string_view bytes, std::uint32_t before) noexcept {
    static constexpr auto table = crc_table();
    std::uint32_t crc = ~before;
    for (const unsigned char c : bytes)
        crc = (crc >> 8) ^ table[(crc ^ c) & 0xFF];
    return ~crc;
}

}  // namespace gasper::mongodb
