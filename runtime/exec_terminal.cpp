#include "runtime/exec_terminal.hpp"

#include <signal.h>

#include <fstream>
#include <iterator>
#include <sstream>

#include "runtime/single_engine_impl.hpp"

namespace gasper::runtime {

using std::chrono::milliseconds;
using std::chrono::seconds;

exec_terminal::exec_terminal(engine_client& engine, std::string exec, bool is_terminal,
                             std::unique_ptr<raw_stream> stream, std::function<void()> on_drop)
    : hijacked_terminal(is_terminal, std::move(stream)),
      engine_(engine),
      exec_(std::move(exec)),
      on_drop_(std::move(on_drop)) {}

exec_terminal::~exec_terminal() {
    if (!ended_ && on_drop_) on_drop_();
}

task<result<>> exec_terminal::set_size(int columns, int rows, deadline until) {
    return engine_.resize_exec(exec_, columns, rows, until);
}

task<result<int>> exec_terminal::exit_status() {
    const auto until = deadline::after(seconds(10));
    for (milliseconds pause(2);; pause = std::min(milliseconds(100), pause * 2)) {
        auto state = co_await engine_.inspect_exec(exec_, until);
        if (!state) co_return state.error();
        if (!state->running) {
            ended_ = true;
            co_return state->exit_code;
        }
        if (until.expired()) co_return fail(errc::deadline, "deadline", "the command closed its output but goes on");
        co_await sleep_until(until.sooner(pause));
    }
}

task<result<std::unique_ptr<terminal>>> single_engine::exec(std::string container, exec_options options) {
    const auto until = deadline::after(seconds(15));
    if (options.command.empty()) co_return fail(errc::invalid, "no_command", "no command to run was given");
    exec_spec spec;
    spec.command = std::move(options.command);
    spec.env = std::move(options.env);
    spec.terminal = options.terminal;
    auto id = co_await engine_.create_exec(container, std::move(spec), until);
    if (!id) co_return id.error();
    auto stream = co_await engine_.start_exec(*id, options.terminal, until);
    if (!stream) co_return stream.error();
    auto drop = [this, container, exec = *id] { background_.spawn("hang up " + exec, hang_up(container, exec)); };
    auto made = std::make_unique<exec_terminal>(engine_, *id, options.terminal, std::move(*stream), std::move(drop));
    if (options.terminal) {
        // The engine refuses the size until the process is there, a few milliseconds after its answer.
        const auto patience = until.sooner(seconds(1));
        while (!co_await made->resize(options.columns, options.rows) && !patience.expired())
            co_await sleep_until(patience.sooner(milliseconds(10)));
    }
    co_return std::unique_ptr<terminal>(std::move(made));
}

namespace {

std::string slurp(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

// The pid may be another's by now: it counts only while the kernel says that it lives in this container.
bool lives_in(int pid, const std::string& container) {
    return slurp("/proc/" + std::to_string(pid) + "/cgroup").find(container) != std::string::npos;
}

// Each exec'd process leads a session and a group of its own.
bool signal_group(int pid, const std::string& container, int signal) {
    return lives_in(pid, container) && (::kill(-pid, signal) == 0 || ::kill(pid, signal) == 0);
}

// Its pid as the container sees it: the last of "NSpid:	4711	23".
std::string inner_pid(int pid) {
    std::istringstream status(slurp("/proc/" + std::to_string(pid) + "/status"));
    std::string line, last;
    while (std::getline(status, line)) {
        if (!line.starts_with("NSpid:")) continue;
        std::istringstream numbers(line.substr(6));
        while (numbers >> last) {
        }
    }
    return last;
}

}  // namespace

// A terminal's end is SIGHUP as for any lost line; what is deaf to it is killed after two seconds. The engine itself
// ends nothing when its client goes. Without the right to signal (not root) the container's own shell does it.
task<> single_engine::hang_up(std::string container, std::string exec) {
    const auto until = deadline::after(seconds(20));
    const auto patience = deadline::after(seconds(2));
    bool told = false;
    for (milliseconds pause(10); !until.expired(); pause = std::min(milliseconds(200), pause * 2)) {
        auto state = co_await engine_.inspect_exec(exec, until);
        if (!state || !state->running) co_return;
        const bool last = patience.expired();
        if (state->pid > 0 && (!told || last)) {
            if (!signal_group(state->pid, container, last ? SIGKILL : SIGHUP)) {
                const auto inner = inner_pid(state->pid);
                exec_spec kill{{"/bin/sh", "-c", "kill -9 -- -" + inner + " " + inner}, {}, "", "", false, false};
                auto id = co_await engine_.create_exec(container, std::move(kill), until);
                if (id) (void)co_await engine_.start_exec(*id, false, until);
            }
            told = true;
        }
        co_await sleep_until(until.sooner(pause));
    }
    log_.warn("exec_left", {{"container", container}, {"exec", exec}});
}

}  // namespace gasper::runtime
