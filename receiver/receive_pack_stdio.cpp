#include "receiver/receive_pack_stdio.hpp"

#include <signal.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/write.hpp>
#include <boost/system/system_error.hpp>
#include <cstdio>

#include "core/base/crypto.hpp"
#include "receiver/git/quarantine.hpp"

namespace gasper::receiver {

namespace {

class stdio_stream : public client_stream {
 public:
    explicit stdio_stream(asio::any_io_executor executor) : input_(executor), output_(executor), error_(executor) {
        attach(input_, STDIN_FILENO);
        attach(output_, STDOUT_FILENO);
        attach(error_, STDERR_FILENO);
    }

    task<std::string> read() override {
        std::string bytes(65536, '\0');
        if (!input_.is_open()) {
            const auto n = ::read(STDIN_FILENO, bytes.data(), bytes.size());
            bytes.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
            co_return bytes;
        }
        boost::system::error_code ec;
        const auto n =
            co_await input_.async_read_some(asio::buffer(bytes), asio::redirect_error(asio::use_awaitable, ec));
        if (ec == asio::error::operation_aborted) throw boost::system::system_error(ec);
        bytes.resize(n);
        co_return bytes;
    }
    task<> write(std::string data) override { return put(output_, STDOUT_FILENO, std::move(data)); }
    task<> write_error(std::string data) override { return put(error_, STDERR_FILENO, std::move(data)); }

 private:
    using descriptor = asio::posix::stream_descriptor;

    // Regular files and /dev/null cannot be waited for, and never block.
    static void attach(descriptor& to, int fd) {
        const int copy = ::dup(fd);
        boost::system::error_code ec;
        to.assign(copy, ec);
        if (ec && copy >= 0) ::close(copy);
    }
    static task<> put(descriptor& to, int fd, std::string data) {
        if (to.is_open()) {
            co_await asio::async_write(to, asio::buffer(data), asio::use_awaitable);
            co_return;
        }
        for (std::size_t at = 0; at < data.size();) {
            const auto n = ::write(fd, data.data() + at, data.size() - at);
            if (n <= 0) throw boost::system::system_error(asio::error::broken_pipe);
            at += static_cast<std::size_t>(n);
        }
    }

    descriptor input_, output_, error_;
};

}  // namespace

int run_receive_pack_stdio(const std::filesystem::path& repository, receive_pack_options options) {
    init_crypto();
    ::signal(SIGPIPE, SIG_IGN);
    quarantine::sweep(repository, false);
    asio::io_context io(1);
    blocking_pool files("files", 1);
    stdio_stream client(io.get_executor());
    receive_pack service(client, repository, options, files, {});
    int status = 128;
    auto done = [&](std::exception_ptr fault, int code) {
        if (!fault) status = code;
        try {
            if (fault) std::rethrow_exception(fault);
        } catch (const std::exception& e) {
            std::fprintf(stderr, "error: %s\n", e.what());
        }
    };
    asio::co_spawn(io, service.run(), done);
    io.run();
    return status;
}

}  // namespace gasper::receiver
