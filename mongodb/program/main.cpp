// gasper-mongodb-gateway [--address A] [--port N] --socket DIRECTORY [--sessions N]: MongoDB's protocol in front of the
// PostgreSQL with DocumentDB whose Unix socket is in DIRECTORY. Until SIGTERM or SIGINT.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <optional>

#include "core/base/crypto.hpp"
#include "core/base/task_scope.hpp"
#include "mongodb/server/gateway.hpp"

namespace {

using namespace gasper;

constexpr auto usage = "usage: gasper-mongodb-gateway --socket DIRECTORY [--address A] [--port N] [--sessions N]\n";

void say(const std::string& line) {
    std::fprintf(stderr, "gasper-mongodb-gateway: %s\n", line.c_str());
}

template <class T>
bool number(const char* text, T& into) {
    const auto* end = text + std::strlen(text);
    const auto [at, failed] = std::from_chars(text, end, into);
    return failed == std::errc() && at == end;
}

std::optional<mongodb::gateway_options> options_of(int argc, char** argv) {
    mongodb::gateway_options o;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string_view name = argv[i];
        const auto* value = argv[i + 1];
        bool good = true;
        if (name == "--socket") {
            o.pool.socket = std::string(value) + "/.s.PGSQL.5432";
        } else if (name == "--address") {
            o.address = value;
        } else if (name == "--port") {
            good = number(value, o.port);
        } else if (name == "--sessions") {
            good = number(value, o.pool.most) && o.pool.most > 0;
        } else {
            good = false;
        }
        if (!good) return {};
    }
    if (argc % 2 == 0 || o.pool.socket.empty()) return {};
    return o;
}

task<> until_signal(task_scope& scope) {
    asio::signal_set signals(co_await asio::this_coro::executor, SIGTERM, SIGINT);
    co_await signals.async_wait(asio::use_awaitable);
    scope.cancel();
}

}  // namespace

int main(int argc, char** argv) {
    auto options = options_of(argc, argv);
    if (!options) {
        std::fputs(usage, stderr);
        return 2;
    }
    try {
        init_crypto();
        asio::io_context io(1);
        mongodb::gateway door(io.get_executor(), std::move(*options), say);
        if (auto opened = door.open(); !opened) {
            say("level=error " + opened.error().message);
            return 1;
        }
        say("level=info event=listening port=" + std::to_string(door.port()));
        int status = 0;
        task_scope scope(io.get_executor(), [&](const std::string& name, const std::string& what) {
            say("level=error event=fault task=" + name + " what=\"" + what + "\"");
            status = 1;
        });
        scope.spawn("gateway", door.run());
        scope.spawn("signals", until_signal(scope));
        io.run();
        return status;
    } catch (const std::exception& e) {
        say(std::string("level=error event=fault what=\"") + e.what() + "\"");
        return 1;
    }
}
