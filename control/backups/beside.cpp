#include "control/backups/beside.hpp"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "control/services/lifecycle.hpp"
#include "core/base/handle.hpp"

namespace gasper::control {

namespace {

namespace fs = std::filesystem;
using std::chrono::seconds;

constexpr std::string_view prefix = "beside-";

}  // namespace

server_beside plan_beside(const parts& p, const std::string& service) {
    const auto name = std::string(prefix) + random_hex(4);
    return {.name = service + "." + name, .data = service_directory(p, service) / name};
}

task<result<>> start_beside(parts& p, service s, server_beside& beside, line_sink progress, deadline until) {
    auto spec = co_await service_spec_of(p, s, std::move(progress), until);
    if (!spec) co_return spec.error();
    spec->name = beside.name;
    spec->data = beside.data.string();
    spec->apps.clear();
    auto up = co_await start_server(p, std::move(*spec), until.sooner(kind_of(s).start_timeout));
    if (!up) co_return up.error();
    beside.server = std::move(*up);
    co_return result<>();
}

task<result<>> restore_beside(parts& p, const server_beside& beside, verb_input input, deadline until) {
    std::vector<std::string> words{"restore"};
    co_return co_await stream_verb(p, beside.server.container, std::move(words), std::move(input), {}, until);
}

task<result<>> end_beside(parts& p, const service& s, const server_beside& beside) {
    auto stopped = co_await p.services.stop(beside.name, kind_of(s).stop_timeout);
    if (!stopped) co_return stopped;
    co_return co_await p.services.remove(beside.name, deadline::after(seconds(60)));
}

task<> clear_beside(parts& p, const server_beside& beside) {
    auto removed = co_await p.services.remove(beside.name, deadline::after(seconds(60)));
    if (!removed) p.log.warn("a throw-away server stays", {{"name", beside.name}, {"reason", removed.error().message}});
    const auto work = [&beside] {
        std::error_code ignored;
        fs::remove_all(beside.data, ignored);
    };
    co_await p.files.run(work);
}

task<> sweep_beside(parts& p) {
    const auto root = p.settings.data / "services";
    const auto work = [&root] {
        std::error_code ec;
        for (const auto& of : fs::directory_iterator(root, ec)) {
            std::error_code inner;
            for (const auto& at : fs::directory_iterator(of.path(), inner))
                if (at.path().filename().string().starts_with(prefix)) fs::remove_all(at.path(), inner);
        }
    };
    co_await p.files.run(work);
}

result<> exchange_directories(const fs::path& a, const fs::path& b) {
    if (::renameat2(AT_FDCWD, a.c_str(), AT_FDCWD, b.c_str(), RENAME_EXCHANGE) != 0)
        return fail(errc::failed, "restore_swap",
                    "the restored data cannot take its place: " + std::string(std::strerror(errno)));
    unique_fd parent(::open(a.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!parent || ::fsync(parent.get()) != 0)
        return fail(errc::failed, "restore_swap", a.parent_path().string() + ": cannot be synced");
    return {};
}

}  // namespace gasper::control
