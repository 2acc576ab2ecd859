// A command run by the engine in a container, over the hijacked connection. A resource of the cluster's executor. When
// it is destroyed before the command's end, `on_drop` is told, so that the command does not go on without anybody.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "runtime/engine/client.hpp"
#include "runtime/engine/stdcopy.hpp"
#include "runtime/terminal.hpp"

namespace gasper::runtime {

class exec_terminal final : public terminal {
 public:
    exec_terminal(engine_client& engine, std::string exec, bool is_terminal, std::unique_ptr<raw_stream> stream,
                  std::function<void()> on_drop);
    ~exec_terminal() override;

    task<result<chunk>> read() override;
    task<result<>> write(std::string data) override;
    task<result<>> close_input() override;
    task<result<>> resize(int columns, int rows) override;
    task<result<int>> exit_status() override;

 private:
    engine_client& engine_;
    std::string exec_;
    bool terminal_;
    std::unique_ptr<raw_stream> stream_;
    std::function<void()> on_drop_;
    stdcopy_parser parser_;
    std::deque<chunk> ready_;
    bool ended_{false};  // its exit was seen
};

}  // namespace gasper::runtime
