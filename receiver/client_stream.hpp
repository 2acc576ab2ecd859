// The client's three standard streams, whatever carries them: an SSH channel, or the process's own descriptors.
// One reader and one writer at a time, on the executor that made it. A lost client ends waiting calls by cancellation
// or by an exception: whoever serves it has nobody left to answer.
#pragma once

#include <string>

#include "core/base/asio.hpp"

namespace gasper::receiver {

class client_stream {
 public:
    virtual ~client_stream() = default;
    /// What has come, at most 64 KiB; waits for at least one byte. Empty: the client's input ended.
    virtual task<std::string> read() = 0;
    /// Returns when everything is on its way; a slow client holds the writer.
    virtual task<> write(std::string data) = 0;
    virtual task<> write_error(std::string data) = 0;
};

}  // namespace gasper::receiver
