#include "gasper/data_plane.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

#include "core/base/child_process.hpp"
#include "core/base/deadline.hpp"
#include "gasper/role_lock.hpp"

namespace gasper {

using namespace std::chrono_literals;

data_plane::data_plane(asio::any_io_executor executor, data_plane_options options, logger& log)
    : executor_(std::move(executor)), options_(std::move(options)), log_(log) {}

task<> data_plane::wait_for_end(int pid) {
    const int fd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
    if (fd < 0) co_return;  // it ended between the look and the open
    asio::posix::stream_descriptor ended(executor_, fd);
    co_await ended.async_wait(asio::posix::stream_descriptor::wait_read, asio::use_awaitable);
}

task<> data_plane::start_and_wait() {
    auto started = child_process::start(
        executor_, {.argv = options_.argv, .survive_parent = true, .output_file = options_.log_file.string()});
    if (!started) {
        log_.error("a role does not start", {{"role", options_.role}, {"reason", started.error().message}});
        co_return;
    }
    log_.info("role started", {{"role", options_.role}, {"pid", started->pid()}});
    auto status = co_await started->wait(deadline(deadline::clock::time_point::max()));
    log_.warn("role ended", {{"role", options_.role}, {"status", status ? *status : -1}});
}

task<> data_plane::run() {
    for (auto pause = 50ms;;) {
        const auto began = deadline::clock::now();
        if (const int pid = role_lock::holder(options_.lock); pid != 0) {
            log_.info("role adopted", {{"role", options_.role}, {"pid", pid}});
            co_await wait_for_end(pid);
        } else {
            co_await start_and_wait();
        }
        const bool lived = deadline::clock::now() - began > 10s;
        pause = lived ? 50ms : std::min<std::chrono::milliseconds>(pause * 2, 5s);
        co_await sleep_until(deadline::after(pause));
    }
}

}  // namespace gasper
