// Heads and chunked bodies from anybody: whatever comes, views stay inside the buffer, and how the bytes are cut into
// reads makes no difference.
// sources: core/base/error.cpp router/http_head.cpp router/chunked.cpp router/rewrite.cpp
#include "router/http_head.hpp"

#include <cstdlib>
#include <string>

#include "router/chunked.hpp"
#include "router/rewrite.hpp"

using namespace gasper::router;

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

void check_views(std::string_view data, const message_head& head) {
    for (const auto& f : head.fields()) {
        require(f.name.data() >= data.data() && f.value.data() + f.value.size() <= data.data() + data.size());
        require(f.value.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos);
    }
}

/// A request that was accepted must be read the same way when it arrives behind the router.
void check_request(std::string_view data) {
    static request_head head, again;
    if (parse_request(data, head)) return;
    check_views(data, head);
    std::string out;
    append_request(head, {.client = "192.0.2.1", .port = "80", .https = false, .request_id = "id", .start_ms = "1"},
                   out);
    std::size_t scanned = 0;
    const auto end = find_head_end(out, scanned);
    require(end.is == head_end::state::complete && end.size == out.size());
    const auto refused = parse_request(out, again);
    if (refused.status == 431) return;  // the fields added were too many
    require(!refused && again.body == head.body && again.content_length == head.content_length);
    require(again.authority == head.authority && again.target == head.target && again.method == head.method);
}

void check_response(std::string_view data) {
    static response_head head;
    for (const bool answers_head : {false, true})
        if (!parse_response(data, answers_head, head)) check_views(data, head);
}

void check_chunked(std::string_view data) {
    chunked_scanner whole, bytewise, decoder;
    const auto at_once = whole.scan(data);
    std::size_t used = 0, payload = 0;
    auto is = chunked_scanner::status::more;
    while (used < data.size() && is == chunked_scanner::status::more) {
        const auto step = bytewise.scan(data.substr(used, 1));
        used += step.used;
        payload += step.payload;
        is = step.is;
    }
    require(used == at_once.used && payload == at_once.payload && is == at_once.is);
    std::string copy(data);
    const auto decoded = decoder.decode(copy.data(), copy.size());
    require(decoded.used == at_once.used && decoded.payload == at_once.payload);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string_view data(reinterpret_cast<const char*>(bytes), size);
    check_chunked(data);
    std::size_t scanned = 0, stepwise = 0;
    const auto end = find_head_end(data, scanned);
    head_end last;
    for (std::size_t n = 1; n <= size && last.is == head_end::state::incomplete; ++n)
        last = find_head_end(data.substr(0, n), stepwise);
    require(last.is == end.is && last.size == end.size);
    if (end.is != head_end::state::complete) return 0;
    check_request(data.substr(0, end.size));
    check_response(data.substr(0, end.size));
    return 0;
}
