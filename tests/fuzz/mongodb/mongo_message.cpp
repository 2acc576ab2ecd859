// Any bytes as a message: what is taken is well formed throughout, whatever walks it again.
// sources: mongodb/command_error.cpp mongodb/bson/reader.cpp mongodb/bson/builder.cpp mongodb/bson/utf8.cpp
// sources: mongodb/wire/message.cpp
#include <cstdlib>

#include "mongodb/bson/builder.hpp"
#include "mongodb/bson/reader.hpp"
#include "mongodb/wire/message.hpp"

namespace {

using namespace gasper::mongodb;

void walk(std::string_view document, int depth) {
    if (depth > max_nesting) std::abort();
    bson_builder copy;
    bson_cursor at(document);
    while (at.next()) {
        const auto& e = at.element();
        (void)e.as_string();
        (void)e.as_binary();
        (void)e.as_integer();
        (void)e.as_flag();
        if (const auto inner = e.as_document()) walk(*inner, depth + 1);
        copy.add(e);
    }
    if (!at.ok() || copy.finish() != document) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    if (check_document(bytes, max_document_bytes)) walk(bytes, 0);
    if (size < header_bytes) return 0;
    auto header = parse_header(bytes.substr(0, header_bytes), max_message_bytes);
    if (!header) return 0;
    // A length that lies is the reader's to notice; the rest must hold whatever it says.
    const auto parsed = parse_request(*header, bytes.substr(header_bytes));
    if (!parsed) return 0;
    walk(parsed->command, 0);
    for (const auto& sequence : parsed->sequences) {
        auto rest = sequence.documents;
        for (std::size_t i = 0; i < sequence.count; ++i) {
            const auto one = stated_size(rest);
            walk(rest.substr(0, one), 0);
            rest.remove_prefix(one);
        }
        if (!rest.empty()) std::abort();
    }
    if (encode_reply(1, *parsed, parsed->command).size() < parsed->command.size()) std::abort();
    return 0;
}
