// Child processes under a deadline: their pipes are Asio descriptors, their end is awaited through a pidfd.
// The child gets no descriptor but its three, its own process group, and SIGKILL when the object goes away, and when
// the thread that started it ends: start children from a thread that lasts. SIGPIPE is ignored from the first child
// with an input on.
#pragma once

#include <boost/asio/posix/stream_descriptor.hpp>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/asio.hpp"
#include "core/base/deadline.hpp"
#include "core/base/error.hpp"

namespace gasper {

struct child_options {
    std::vector<std::string> argv;                          // argv[0] is looked up on PATH
    std::optional<std::map<std::string, std::string>> env;  // none: the parent's
    std::string directory;                                  // empty: the parent's
    bool pipe_input{false};                                 // false: /dev/null
    bool pipe_output{false};                                // false: /dev/null
    bool pipe_error{false};                                 // false: /dev/null; see merge_error
    bool merge_error{false};                                // standard error goes where output goes
    bool survive_parent{false};                             // not killed with this object (router, dns)
    std::string output_file;                                // append both outputs to this file
};

class child_process {
 public:
    using pipe = asio::posix::stream_descriptor;

    static result<child_process> start(asio::any_io_executor executor, child_options options);
    child_process(child_process&&) noexcept;
    child_process& operator=(child_process&&) = delete;
    ~child_process();

    pipe& input() { return *input_; }
    pipe& output() { return *output_; }
    pipe& error() { return *error_; }
    bool has_error() const noexcept { return error_.has_value(); }
    void close_input() { input_.reset(); }
    int pid() const noexcept { return pid_; }

    /// The exit status: 0 … 255, or 128 + the signal that ended it. At the deadline the group is killed
    /// and errc::deadline returned.
    task<result<int>> wait(deadline until);

    void kill(int signal) noexcept;

 private:
    static void survive_broken_pipes() noexcept;
    child_process(int pid, asio::any_io_executor executor, int pidfd, bool survive);

    int pid_;
    bool survive_;
    std::optional<int> status_;
    pipe pidfd_;
    std::optional<pipe> input_, output_, error_;
};

struct child_output {
    int status{0};
    std::string output;  // standard output, cut at `limit`
    std::string error;   // standard error, cut at 64 KiB
};

/// Starts, feeds `input`, collects both outputs and waits. Output over `limit` bytes is an error.
task<result<child_output>> run_child(child_options options, std::string input, deadline until,
                                     std::size_t limit = 16 << 20);

}  // namespace gasper
