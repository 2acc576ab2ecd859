#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstdio>
#include <iostream>
#include <iterator>

#include "control/accounts.hpp"
#include "control/public_key.hpp"
#include "core/base/deadline.hpp"
#include "gasper/engine.hpp"
#include "gasper/role_lock.hpp"
#include "gasper/roles.hpp"

namespace gasper {

namespace {

using namespace std::chrono_literals;

std::string read_input() {
    std::string text(std::istreambuf_iterator<char>(std::cin), {});
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r'))
        text.pop_back();
    return text;
}

// Runs one coroutine to its end on a context of its own; a refusal becomes a line and an exit status.
template <class Work>
int run_to_end(Work work) {
    asio::io_context io(1);
    result<> outcome;
    auto body = [&]() -> task<> { outcome = co_await work(io); };
    asio::co_spawn(io, body(), [](std::exception_ptr fault) {
        if (fault) std::rethrow_exception(fault);
    });
    io.run();
    if (outcome) return 0;
    std::fprintf(stderr, " !     %s\n", outcome.error().message.c_str());
    return 1;
}

int create_user(const places& at, const std::string& name, bool admin) {
    const auto password = read_input();
    return run_to_end([&](asio::io_context&) -> task<result<>> {
        database db(at.database);
        blocking_pool hashing("hashing", 1);
        auto made = co_await control::accounts(db, hashing).ensure_user(name, password, admin);
        if (!made) co_return made.error();
        co_return result<>();
    });
}

task<result<>> add_key_to(control::accounts& accounts, std::string user, std::string key_name, std::string line) {
    auto who = co_await accounts.by_name(user);
    if (!who) co_return who.error();
    auto parsed = control::parse_public_key(line);
    if (!parsed) co_return parsed.error();
    // Said twice is no error: scripts call this at every start.
    auto owner = co_await accounts.by_fingerprint(parsed->fingerprint);
    if (owner && owner->id == who->id) co_return result<>();
    auto added = co_await accounts.add_key(*who, key_name, line);
    co_return added ? result<>() : result<>(added.error());
}

int add_key(const places& at, const std::string& user, const std::string& key_name) {
    const auto line = read_input();
    return run_to_end([&](asio::io_context&) -> task<result<>> {
        database db(at.database);
        blocking_pool hashing("hashing", 1);
        control::accounts accounts(db, hashing);
        co_return co_await add_key_to(accounts, user, key_name, line);
    });
}

// SIGTERM, and SIGKILL when it does not go: by the pid that holds the role's lock, never by name.
task<> end_role(std::filesystem::path lock) {
    for (const auto& [signal, patience] : {std::pair{SIGTERM, 15s}, std::pair{SIGKILL, 5s}}) {
        const int pid = role_lock::holder(lock);
        if (pid == 0) co_return;
        const int fd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
        if (fd < 0) co_return;
        asio::posix::stream_descriptor process(co_await asio::this_coro::executor, fd);
        ::kill(pid, signal);
        auto ended = process.async_wait(asio::posix::stream_descriptor::wait_read, asio::use_awaitable);
        if (co_await finishes_before(std::move(ended), deadline::after(patience))) co_return;
    }
}

int stop(const places& at, const std::string& socket) {
    if (const int pid = role_lock::holder(at.run / "serve.lock"); pid != 0) {
        std::fprintf(stderr, " !     gasper serve still runs (pid %d); stop it first\n", pid);
        return 1;
    }
    return run_to_end([&](asio::io_context& io) -> task<result<>> {
        for (const char* role : {"router.lock", "dns.lock"})
            co_await end_role(at.run / role);
        logger log("admin", log_level::warn);
        blocking_pool files("files", 2);
        const engine_settings settings{.socket = socket};
        engine_parts engine(io.get_executor(), at, settings, files, log);
        auto removed = co_await engine.cluster.remove_everything(deadline::after(120s));
        co_await engine.cluster.close(deadline::after(5s));
        co_return removed;
    });
}

}  // namespace

int run_admin(const std::vector<std::string>& arguments) {
    CLI::App cli("on the server's own shell", "gasper admin");
    cli.require_subcommand(1);
    std::string data, name, user, socket;
    auto with_data = [&](CLI::App* sub) {
        sub->add_option("--data", data, "the data directory")->required()->check(CLI::ExistingDirectory);
        return sub;
    };
    auto* create =
        with_data(cli.add_subcommand("create-admin", "make an admin, or set its password; reads the password"));
    create->add_option("--name", name, "its name")->required();
    auto* user_too = with_data(cli.add_subcommand("create-user", "the same for a user who is no admin"));
    user_too->add_option("--name", name, "its name")->required();
    auto* key = with_data(cli.add_subcommand("add-key", "give a user an SSH key; reads the public key's line"));
    key->add_option("--user", user, "whose key it is")->required();
    key->add_option("--name", name, "how the key is called; its comment by default");
    auto* end = with_data(cli.add_subcommand("stop", "end router and dns, remove every container, network and mount"));
    end->add_option("--engine-socket", socket, "the Docker Engine's socket");
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    try {
        cli.parse(reversed);
    } catch (const CLI::ParseError& e) {
        return cli.exit(e);
    }
    const places at(std::filesystem::absolute(data).lexically_normal());
    if (*create || *user_too) return create_user(at, name, bool(*create));
    if (*key) return add_key(at, user, name);
    return stop(at, socket);
}

}  // namespace gasper
