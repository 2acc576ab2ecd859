#include "core/base/child_process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <cstring>

#include "core/base/handle.hpp"

namespace gasper {

namespace {

struct pipe_ends {
    unique_fd read, write;
};

result<pipe_ends> make_pipe() {
    int fds[2];
    if (::pipe2(fds, O_CLOEXEC) != 0) return fail(errc::unavailable, "pipe", std::strerror(errno));
    return pipe_ends{unique_fd(fds[0]), unique_fd(fds[1])};
}

// Everything the child needs, prepared before fork: after it only async-signal-safe calls are allowed.
struct exec_plan {
    std::vector<std::string> env_strings;
    std::vector<char*> argv, envp;
    const char* directory{nullptr};
    int in{-1}, out{-1}, err{-1}, report{-1};
    bool die_with_parent{true};
};

[[noreturn]] void exec_child(const exec_plan& plan) {
    ::setpgid(0, 0);
    if (plan.die_with_parent) ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::signal(SIGPIPE, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    // Out of the way first: a parent that was started without standard streams has pipes at 0 … 2.
    const int report = ::fcntl(plan.report, F_DUPFD_CLOEXEC, 3);
    const int in = ::fcntl(plan.in, F_DUPFD_CLOEXEC, 3);
    const int out = ::fcntl(plan.out, F_DUPFD_CLOEXEC, 3);
    const int err = ::fcntl(plan.err, F_DUPFD_CLOEXEC, 3);
    const bool ready = ::dup2(in, 0) == 0 && ::dup2(out, 1) == 1 && ::dup2(err, 2) == 2 &&
                       (!plan.directory || ::chdir(plan.directory) == 0);
    if (ready) {
        ::syscall(SYS_close_range, 3U, ~0U, 4U /* CLOSE_RANGE_CLOEXEC */);
        ::execvpe(plan.argv[0], plan.argv.data(), plan.envp.data());
    }
    const int reason = errno;
    [[maybe_unused]] auto written = ::write(report, &reason, sizeof reason);
    ::_exit(127);
}

void fill_arguments(exec_plan& plan, child_options& options) {
    for (auto& arg : options.argv)
        plan.argv.push_back(arg.data());
    plan.argv.push_back(nullptr);
    if (options.env) {
        for (auto& [key, value] : *options.env)
            plan.env_strings.push_back(key + "=" + value);
        for (auto& entry : plan.env_strings)
            plan.envp.push_back(entry.data());
    } else {
        for (char** entry = environ; *entry; ++entry)
            plan.envp.push_back(*entry);
    }
    plan.envp.push_back(nullptr);
    if (!options.directory.empty()) plan.directory = options.directory.c_str();
    plan.die_with_parent = !options.survive_parent;
}

}  // namespace

child_process::child_process(int pid, asio::any_io_executor executor, int pidfd, bool survive)
    : pid_(pid), survive_(survive), pidfd_(std::move(executor), pidfd) {}

child_process::child_process(child_process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      survive_(other.survive_),
      status_(other.status_),
      pidfd_(std::move(other.pidfd_)),
      input_(std::move(other.input_)),
      output_(std::move(other.output_)),
      error_(std::move(other.error_)) {}

child_process::~child_process() {
    if (pid_ < 0 || status_ || survive_) return;
    kill(SIGKILL);
    int ignored = 0;
    while (::waitpid(pid_, &ignored, 0) < 0 && errno == EINTR) {
    }
}

void child_process::kill(int signal) noexcept {
    if (pid_ > 0 && !status_ && ::kill(-pid_, signal) != 0) ::kill(pid_, signal);
}

// A child may close its input before it has read everything; the write then fails with EPIPE, but by default its
// signal would end this whole process. Pipes have no MSG_NOSIGNAL.
void child_process::survive_broken_pipes() noexcept {
    struct sigaction now {};
    if (::sigaction(SIGPIPE, nullptr, &now) == 0 && now.sa_handler == SIG_DFL) ::signal(SIGPIPE, SIG_IGN);
}

result<child_process> child_process::start(asio::any_io_executor executor, child_options options) {
    if (options.pipe_input) survive_broken_pipes();
    if (options.argv.empty()) return fail(errc::invalid, "child_process", "no program named");
    unique_fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    if (!null) return fail(errc::unavailable, "child_process", "/dev/null cannot be opened");
    unique_fd file;
    if (!options.output_file.empty()) {
        file = unique_fd(::open(options.output_file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640));
        if (!file) return fail(errc::unavailable, "child_process", options.output_file + ": " + std::strerror(errno));
    }
    pipe_ends in, out, err;
    for (auto [wanted, ends] :
         {std::pair{options.pipe_input, &in}, {options.pipe_output, &out}, {options.pipe_error, &err}}) {
        if (!wanted) continue;
        auto made = make_pipe();
        if (!made) return made.error();
        *ends = std::move(*made);
    }
    auto report = make_pipe();
    if (!report) return report.error();

    exec_plan plan;
    fill_arguments(plan, options);
    plan.in = in.read ? in.read.get() : null.get();
    plan.out = file ? file.get() : out.write ? out.write.get() : null.get();
    plan.err = options.merge_error || file ? plan.out : err.write ? err.write.get() : null.get();
    plan.report = report->write.get();

    const int pid = ::fork();
    if (pid < 0) return fail(errc::unavailable, "child_process", std::string("fork: ") + std::strerror(errno));
    if (pid == 0) exec_child(plan);
    report->write.reset();
    int reason = 0;
    // End of file when exec succeeded: the descriptor closes with it.
    ssize_t reported = 0;
    do {
        reported = ::read(report->read.get(), &reason, sizeof reason);
    } while (reported < 0 && errno == EINTR);
    if (reported == sizeof reason) {
        ::waitpid(pid, nullptr, 0);
        return fail(errc::unavailable, "child_process", options.argv[0] + ": " + std::strerror(reason));
    }
    const int pidfd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
    if (pidfd < 0) {
        const int why = errno;
        ::kill(pid, SIGKILL);
        ::waitpid(pid, nullptr, 0);
        return fail(errc::unavailable, "child_process", std::string("pidfd_open: ") + std::strerror(why));
    }
    child_process child(pid, executor, pidfd, options.survive_parent);
    if (in.write) child.input_.emplace(executor, in.write.release());
    if (out.read) child.output_.emplace(executor, out.read.release());
    if (err.read) child.error_.emplace(executor, err.read.release());
    return child;
}

task<result<int>> child_process::wait(deadline until) {
    if (!status_) {
        auto readable = pidfd_.async_wait(pipe::wait_read, asio::use_awaitable);
        const bool in_time = co_await finishes_before(std::move(readable), until);
        if (!in_time) kill(SIGKILL);
        int raw = 0;
        while (::waitpid(pid_, &raw, 0) < 0 && errno == EINTR) {
        }
        status_ = WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
        if (!in_time) co_return fail(errc::deadline, "deadline", "the process did not end in time");
    }
    co_return *status_;
}

namespace {

// Reads to the end; past the limit it goes on reading (so the child can end) and reports the excess.
task<bool> collect(child_process::pipe& from, std::string& into, std::size_t limit) {
    char buffer[16384];
    bool over = false;
    for (;;) {
        boost::system::error_code ec;
        const auto n =
            co_await from.async_read_some(asio::buffer(buffer), asio::redirect_error(asio::use_awaitable, ec));
        if (ec == asio::error::operation_aborted) throw boost::system::system_error(ec);
        if (ec) co_return !over;
        const auto room = limit - std::min(limit, into.size());
        into.append(buffer, std::min<std::size_t>(n, room));
        over = over || n > room;
    }
}

task<> feed(child_process& child, std::string input) {
    boost::system::error_code ec;  // the child may close early: its exit status tells
    co_await asio::async_write(child.input(), asio::buffer(input), asio::redirect_error(asio::use_awaitable, ec));
    if (ec == asio::error::operation_aborted) throw boost::system::system_error(ec);
    child.close_input();
}

}  // namespace

task<result<child_output>> run_child(child_options options, std::string input, deadline until, std::size_t limit) {
    using namespace asio::experimental::awaitable_operators;
    options.pipe_input = options.pipe_output = true;
    options.pipe_error = !options.merge_error;
    auto started = child_process::start(co_await asio::this_coro::executor, std::move(options));
    if (!started) co_return started.error();
    auto child = std::move(*started);
    child_output got;
    bool complete = true;
    auto work = [](child_process& c, child_output& g, bool& ok, std::string in, std::size_t most, bool both) -> task<> {
        if (both) {
            const auto [cut, whole] = co_await ((feed(c, std::move(in)) && collect(c.error(), g.error, 65536)) &&
                                                collect(c.output(), g.output, most));
            (void)cut;
            ok = whole;
        } else {
            ok = co_await (feed(c, std::move(in)) && collect(c.output(), g.output, most));
        }
    };
    const bool both = child.has_error();
    auto exchange = work(child, got, complete, std::move(input), limit, both);
    const bool in_time = co_await finishes_before(std::move(exchange), until);
    if (!in_time) {
        child.kill(SIGKILL);
        (void)co_await child.wait(deadline::after(std::chrono::seconds(5)));
        co_return fail(errc::deadline, "deadline", "the process did not end in time");
    }
    auto status = co_await child.wait(until);
    if (!status) co_return status.error();
    if (!complete) co_return fail(errc::too_large, "child_output", "the process printed too much");
    got.status = *status;
    co_return got;
}

}  // namespace gasper
