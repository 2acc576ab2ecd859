#include "runtime/hijacked_terminal.hpp"
#include "runtime/once_run.hpp"

namespace gasper::runtime {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A container of its own for one person's command.
class single_engine::once_terminal final : public hijacked_terminal {
 public:
    once_terminal(engine_client& engine, std::string container, bool is_terminal, std::unique_ptr<raw_stream> stream,
                  std::unique_ptr<once_run> running, std::unique_ptr<counted_run> counted)
        : hijacked_terminal(is_terminal, std::move(stream)),
          engine_(engine),
          container_(std::move(container)),
          running_(std::move(running)),
          counted_(std::move(counted)) {}

    // A command may close its output and go on: it has as long as the person waits.
    task<result<int>> exit_status() override {
        auto status = co_await engine_.wait_container(container_, deadline::after(std::chrono::hours(24)));
        co_return counted_->outcome(std::move(status));
    }

 private:
    task<result<>> set_size(int columns, int rows, deadline until) override {
        return engine_.resize_container(container_, columns, rows, until);
    }

    engine_client& engine_;
    std::string container_;
    std::unique_ptr<once_run> running_;
    std::unique_ptr<counted_run> counted_;
};

task<result<std::unique_ptr<terminal>>> single_engine::open_once(once_spec spec, exec_options how, deadline until) {
    auto c = once_container(spec);
    c.terminal = how.terminal;
    c.open_input = true;
    auto running = std::make_unique<once_run>(*this, c.name);
    auto created = co_await create_once(spec, c, *running, until);
    if (!created) co_return created.error();
    auto stream = co_await engine_.attach_container(*created, true, until);
    if (!stream) co_return stream.error();
    auto counted = std::make_unique<counted_run>(*this, c.name, *created, spec.limit.disk_bytes);
    auto made = std::make_unique<once_terminal>(engine_, *created, how.terminal, std::move(*stream), std::move(running),
                                                std::move(counted));
    if (auto ok = co_await engine_.start_container(*created, until); !ok) co_return ok.error();
    if (how.terminal) (void)co_await made->resize(how.columns, how.rows);
    co_return std::unique_ptr<terminal>(std::move(made));
}

}  // namespace gasper::runtime
