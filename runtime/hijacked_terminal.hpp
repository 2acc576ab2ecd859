// A terminal over a connection that the engine handed over: what a command in a container and a container of its own
// have in common. A resource of the cluster's executor.
#pragma once

#include <deque>
#include <memory>
#include <string>

#include "runtime/engine/client.hpp"
#include "runtime/engine/stdcopy.hpp"
#include "runtime/terminal.hpp"

namespace gasper::runtime {

class hijacked_terminal : public terminal {
 public:
    task<result<chunk>> read() final;
    task<result<>> write(std::string data) final;
    task<result<>> close_input() final;
    task<result<>> resize(int columns, int rows) final;

 protected:
    hijacked_terminal(bool is_terminal, std::unique_ptr<raw_stream> stream)
        : terminal_(is_terminal), stream_(std::move(stream)) {}
    ~hijacked_terminal() override { stream_->close(); }

    /// The size is within bounds, and there is a terminal.
    virtual task<result<>> set_size(int columns, int rows, deadline until) = 0;

 private:
    bool terminal_;
    // Whether what was typed last is not the end of a line.
    bool within_line_ = false;
    std::unique_ptr<raw_stream> stream_;
    stdcopy_parser parser_;
    std::deque<chunk> ready_;
};

}  // namespace gasper::runtime
