// MongoDB's wire messages (github.com/mongodb/specifications: message/OP_MSG, wireversion; the manual's "Wire
// Protocol"): OP_MSG both ways, and OP_QUERY on <database>.$cmd as the first hello of older drivers, answered by
// OP_REPLY. All else is refused. Bytes in, values out; views point into the bytes that were given. Values; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "mongodb/command_error.hpp"

namespace gasper::mongodb {

constexpr std::size_t header_bytes = 16;
constexpr std::uint32_t max_message_bytes = 48'000'000;
constexpr std::size_t max_batch_documents = 100'000;

enum class opcode : std::int32_t { reply = 1, query = 2004, compressed = 2012, message = 2013 };

struct message_header {
    std::uint32_t length{0};  // of the whole message
    std::int32_t request_id{0};
    std::int32_t response_to{0};
    std::int32_t op{0};
};

/// `bytes` are header_bytes long. Refuses what is shorter than a header or longer than `limit`, and unknown opcodes:
/// nothing after it can be understood.
answer<message_header> parse_header(std::string_view bytes, std::uint32_t limit);

/// A section of kind 1: documents behind each other that stand for an array field of the command.
struct document_sequence {
    std::string_view field;
    std::string_view documents;
    std::size_t count{0};
};

struct request {
    std::int32_t id{0};
    bool legacy{false};      // came as OP_QUERY
    bool wants_reply{true};  // false: moreToCome, an unacknowledged write
    std::string_view command;
    std::vector<document_sequence> sequences;
    std::string database;
};

/// What follows the header. Checks the checksum where there is one, all lengths, and every document.
answer<request> parse_request(const message_header& header, std::string_view payload);

/// An answer to `to`, header and all. `id` is the answer's own.
std::string encode_reply(std::int32_t id, const request& to, std::string_view document);

/// CRC-32C (RFC 3720 appendix B.4), as OP_MSG's checksum.
std::uint32_t crc32c(std::string_view bytes, std::uint32_t before = 0) noexcept;

}  // namespace gasper::mongodb
