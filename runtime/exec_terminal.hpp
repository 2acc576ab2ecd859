// A command run by the engine in a container, over the hijacked connection. A resource of the cluster's executor. When
// it is destroyed before the command's end, `on_drop` is told, so that the command does not go on without anybody.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "runtime/hijacked_terminal.hpp"

namespace gasper::runtime {

class exec_terminal final : public hijacked_terminal {
 public:
    exec_terminal(engine_client& engine, std::string exec, bool is_terminal, std::unique_ptr<raw_stream> stream,
                  std::function<void()> on_drop);
    ~exec_terminal() override;

    task<result<int>> exit_status() override;

 private:
    task<result<>> set_size(int columns, int rows, deadline until) override;

    engine_client& engine_;
    std::string exec_;
    std::function<void()> on_drop_;
    bool ended_{false};  // its exit was seen
};

}  // namespace gasper::runtime
