#include "control/backups/beside.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>

#include "control/backups/streaming.hpp"
#include "control/services/lifecycle.hpp"
#include "control/services/ways.hpp"
#include "core/base/handle.hpp"
#include "core/base/join.hpp"
#include "core/store/exposures.hpp"

namespace gasper::control {

namespace {

namespace fs = std::filesystem;
using std::chrono::seconds;

constexpr std::string_view prefix = "beside-";

// Asked for before the store is: one that becomes an attachment's in between is found there.
std::vector<attachment> ways_on_their_way(const parts& p, service_id id) {
    std::vector<attachment> found;
    for (const auto& held : p.service_servers.held_ways)
        if (held.service == id) found.push_back(held);
    return found;
}

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
    if (!beside.image.empty()) spec->image = beside.image;
    spec->background = beside.proof;
    spec->apps.clear();
    spec->env["SERVICE_BESIDE"] = beside.proof ? "proof" : "filled";
    auto up = co_await start_server(p, std::move(*spec), until.sooner(kind_of(s).start_timeout));
    if (!up) co_return up.error();
    beside.server = std::move(*up);
    co_return result<>();
}

task<result<>> restore_beside(parts& p, const server_beside& beside, verb_input input, deadline until) {
    auto pipe = std::make_shared<dump_pipe>(p.executor);
    std::optional<result<>> restored;
    auto preparing = prepare_input(std::move(input), pipe);
    auto restoring = store_in(restored, restore_from(p, beside.server.container, pipe, until));
    co_await run_both(std::move(preparing), std::move(restoring));
    co_return *restored;
}

task<result<>> stop_beside(parts& p, const service& s, const server_beside& beside) {
    return p.services.stop(beside.name, kind_of(s).stop_timeout);
}

task<result<>> end_beside(parts& p, const service& s, const server_beside& beside) {
    auto stopped = co_await stop_beside(p, s, beside);
    if (!stopped) co_return stopped;
    co_return co_await p.services.remove(beside.name, deadline::after(seconds(60)));
}

task<> clear_server_beside(parts& p, const server_beside& beside) {
    auto removed = co_await p.services.remove(beside.name, deadline::after(seconds(60)));
    if (!removed) p.log.warn("a throw-away server stays", {{"name", beside.name}, {"reason", removed.error().message}});
}

task<> clear_beside(parts& p, const server_beside& beside) {
    co_await clear_server_beside(p, beside);
    const auto work = [&beside] {
        std::error_code ignored;
        fs::remove_all(beside.data, ignored);
    };
    co_await p.files.run(work);
}

task<result<>> give_users(parts& p, service s, std::string container) {
    auto all = ways_on_their_way(p, s.id);
    const auto known = co_await p.db.read([&](SQLite::Database& db) { return store::users_of(db, p.box, s.id); });
    all.insert(all.end(), known.begin(), known.end());
    for (const auto& a : all) {
        std::vector<std::string> words{"grant", a.user, std::string(to_string(a.rights))};
        auto given = co_await run_verb(p, container, std::move(words), a.password + "\n", deadline::after(seconds(60)));
        if (!given) co_return given.error();
    }
    co_return result<>();
}

task<> agree_on_users(parts& p, service s, job_context& job) {
    const auto* running = p.service_servers.find(s.name);
    if (!running) co_return;
    const auto container = running->container;
    auto given = co_await give_users(p, s, container);
    if (!given) job.say(" !     not every attached app has its user: " + given.error().message);
    co_await close_lost_ways(p, s);
}

task<result<contents>> count_contents(parts& p, service s, std::string container) {
    if (!kind_of(s).has("contents")) co_return contents{};
    std::vector<std::string> words{"contents"};
    const auto until = deadline::after(std::chrono::minutes(30));
    auto text = co_await run_verb(p, std::move(container), std::move(words), "", until);
    // A server that was started before its kind had the verb has none until it is started anew.
    if (!text && text.error().message == "no such verb: contents") co_return contents{};
    if (!text) co_return text.error();
    co_return parse_contents(*text);
}

bool is_beside(std::string_view directory) {
    return directory.starts_with(prefix) && directory.find('/') == directory.npos;
}

result<> exchange_directories(const fs::path& a, const fs::path& b) {
    const auto refused = [](int reason) {
        return fail(errc::failed, "restore_swap",
                    "the restored data cannot take its place: " + std::string(std::strerror(reason)));
    };
    unique_fd parent(::open(a.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!parent || ::renameat2(AT_FDCWD, a.c_str(), AT_FDCWD, b.c_str(), RENAME_EXCHANGE) != 0) return refused(errno);
    if (::fsync(parent.get()) == 0) return {};
    const int reason = errno;
    (void)::renameat2(AT_FDCWD, a.c_str(), AT_FDCWD, b.c_str(), RENAME_EXCHANGE);
    return refused(reason);
}

}  // namespace gasper::control
