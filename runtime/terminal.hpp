// A command in a running container and its standard streams, with or without a terminal. A resource; all calls
// come from the executor it was made on. Destroying it closes the streams.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/base/asio.hpp"
#include "core/base/error.hpp"

namespace gasper::runtime {

class terminal {
 public:
    struct chunk {
        bool error{false};  // standard error (never with a terminal: it has one stream)
        std::string data;   // empty: both outputs ended
    };

    virtual ~terminal() = default;
    virtual task<result<chunk>> read() = 0;
    virtual task<result<>> write(std::string data) = 0;
    /// Standard input ends; output goes on.
    virtual task<result<>> close_input() = 0;
    virtual task<result<>> resize(int columns, int rows) = 0;
    /// After read() returned the end: the command's exit status.
    virtual task<result<int>> exit_status() = 0;
};

}  // namespace gasper::runtime
