// Whatever a stored backup became: a dump comes out only as it was put in, in bounded pieces, or a refusal. The first
// byte says what is done: read the input as a backup, or write one of it, change it as its beginning says, and read it.
// sources: core/base/error.cpp core/backups/reader.cpp core/backups/writer.cpp
#include <cstdint>
#include <cstdlib>

#include "core/backups/stream.hpp"

using namespace gasper;

namespace {

const std::string key(32, 'k');

struct outcome {
    bool whole{false};
    std::string dump;
};

outcome read_back(std::string_view bytes, std::size_t piece) {
    backup_reader reader(key);
    outcome o;
    for (std::size_t i = 0; i < bytes.size(); i += piece) {
        reader.put(bytes.substr(i, piece));
        for (;;) {
            const auto got = reader.take();
            if (!got) return o;
            if (got->empty()) break;
            if (got->size() > backup_limits::piece || !reader.proved()) std::abort();
            o.dump += *got;
            if (o.dump.size() > (16u << 20)) return o;
        }
    }
    o.whole = reader.finish().has_value();
    return o;
}

void change_and_read(std::string_view input) {
    const std::size_t at = static_cast<unsigned char>(input[0]) | static_cast<unsigned char>(input[1]) << 8;
    const auto flip = static_cast<char>(input[2]);
    const std::string dump(input.substr(3));
    backup_writer writer({"postgres", "blue", "15", {}}, key);
    std::string bytes;
    writer.put(dump, bytes);
    writer.finish(bytes);
    if (at < bytes.size()) bytes[at] = static_cast<char>(bytes[at] ^ flip);
    const auto back = read_back(bytes, at % 977 + 1);
    const bool changed = at < bytes.size() && flip != 0;
    if (back.whole == changed) std::abort();
    if (dump.compare(0, back.dump.size(), back.dump) != 0) std::abort();
    if (back.whole && back.dump != dump) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    if (size < 4) return 0;
    if (input[0] % 2 == 0)
        (void)read_back(input.substr(2), static_cast<unsigned char>(input[1]) + 1u);
    else
        change_and_read(input.substr(1));
    return 0;
}
