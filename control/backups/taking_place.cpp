#include "control/backups/taking_place.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <sstream>
#include <vector>

#include "control/services/held.hpp"
#include "control/services/lifecycle.hpp"
#include "control/services/service_jobs.hpp"
#include "core/base/files.hpp"

namespace gasper::control {

namespace {

namespace fs = std::filesystem;
using std::chrono::seconds;

constexpr auto note_name = "swap";
constexpr auto look_again = std::chrono::milliseconds(100);

task<result<>> exchange(parts& p, const fs::path& a, const fs::path& b) {
    const auto work = [&a, &b] { return exchange_directories(a, b); };
    co_return co_await p.files.run(work);
}

// It is all there is of the data before: nobody clears it away.
task<> keep_aside(parts& p, const server_beside& beside) {
    const auto aside = beside.data.parent_path() / ("before-" + beside.data.filename().string());
    const auto work = [&beside, &aside] {
        std::error_code ec;
        fs::rename(beside.data, aside, ec);
    };
    co_await p.files.run(work);
    p.log.error("the data before is kept", {{"directory", aside.string()}});
}

task<> go_back(parts& p, service s, const server_beside& beside, job_context& job) {
    job.say("       it does not start: the data before comes back");
    p.service_servers.running.erase(s.name);
    (void)co_await p.services.stop(s.name, kind_of(s).stop_timeout);
    const auto data = service_directory(p, s.name) / "data";
    auto back = co_await exchange(p, data, beside.data);
    if (!back) co_await keep_aside(p, beside);
    if (back) back = co_await start_service(p, s, job.sink(), deadline::after(patience_for(s)));
    if (!back) p.log.error("the data before does not serve", {{"service", s.name}, {"reason", back.error().message}});
}

/// A directory beside a service.
struct found_beside {
    std::string service, name;
    fs::path at;
};

struct found_swap {
    std::string service;
    swap_note note;
};

struct found_directories {
    std::vector<fs::path> gone;  // of services that were being removed
    std::vector<found_beside> beside;
    std::vector<found_swap> swaps;
};

found_directories look_beside(const fs::path& root) {
    found_directories found;
    std::error_code ignored;
    for (const auto& of : fs::directory_iterator(root, ignored)) {
        const auto service = of.path().filename().string();
        if (service.starts_with(".gone-")) found.gone.push_back(of.path());
        if (auto note = find_swap(of.path())) found.swaps.push_back({service, std::move(*note)});
        std::error_code inner;
        for (const auto& at : fs::directory_iterator(of.path(), inner))
            if (is_beside(at.path().filename().string()))
                found.beside.push_back({service, at.path().filename().string(), at.path()});
    }
    return found;
}

}  // namespace

std::uint64_t inode_of(const fs::path& at) {
    struct stat s {};
    return ::stat(at.c_str(), &s) == 0 ? s.st_ino : 0;
}

result<> swap_in(const fs::path& directory, job_id job, const std::string& beside) {
    const auto text = fmt::format("{} {} {}\n", job.value, inode_of(directory / beside), beside);
    if (auto noted = replace_file(directory / note_name, text); !noted) return noted;
    return exchange_directories(directory / "data", directory / beside);
}

std::optional<swap_note> find_swap(const fs::path& directory) {
    const auto text = read_file(directory / note_name, 4096);
    if (!text) return std::nullopt;
    std::istringstream words(*text);
    swap_note note;
    if (!(words >> note.job.value >> note.inode >> note.beside) || !is_beside(note.beside)) return std::nullopt;
    if (note.inode == 0 || inode_of(directory / "data") != note.inode) return std::nullopt;
    return note;
}

void forget_swap(const fs::path& directory) {
    std::error_code ignored;
    fs::remove(directory / note_name, ignored);
}

task<std::optional<swap_note>> swap_of(parts& p, std::string service, job_id job) {
    const auto at = service_directory(p, service);
    const auto look = [&at] { return find_swap(at); };
    auto found = co_await p.files.run(look);
    if (found && found->job != job) found.reset();
    co_return found;
}

task<result<>> take_place(parts& p, service s, const server_beside& beside, job_context& job) {
    const held_service held(p.service_servers, s.name);
    co_await wait_for_watchers(p, s.name, deadline::after(patience_for(s)));
    const auto work = [at = service_directory(p, s.name), &beside, id = job.id()] {
        return swap_in(at, id, beside.data.filename().string());
    };
    auto swapped = co_await stop_service(p, s);
    if (swapped) swapped = co_await p.files.run(work);
    if (s.stopped) co_return swapped;
    auto up = co_await start_service(p, s, job.sink(), deadline::after(patience_for(s)));
    if (!swapped) co_return swapped;
    if (!up) co_await go_back(p, s, beside, job);
    co_return up;
}

task<result<>> go_on_in_place(parts& p, service s, const server_beside& beside, job_context& job) {
    if (s.stopped) co_return result<>();
    const bool up = co_await comes_up(p, s.name, deadline::after(patience_for(s)));
    if (up) co_return result<>();
    const held_service held(p.service_servers, s.name);
    co_await wait_for_watchers(p, s.name, deadline::after(patience_for(s)));
    if (p.service_servers.find(s.name)) co_return result<>();
    co_await go_back(p, s, beside, job);
    co_return fail(errc::failed, "service_not_ready", s.name + " does not start with the restored data");
}

task<bool> comes_up(parts& p, std::string service, deadline until) {
    while (!p.service_servers.find(service)) {
        if (until.expired()) co_return false;
        co_await sleep_until(deadline::after(look_again));
    }
    co_return true;
}

task<result<>> needs_running(parts& p, service s) {
    if (!s.stopped) (void)co_await comes_up(p, s.name, deadline::after(kind_of(s).start_timeout));
    if (p.service_servers.find(s.name)) co_return result<>();
    co_return fail(errc::conflict, "service_not_running", s.name + " does not run; see services:info " + s.name);
}

task<> sweep_beside(parts& p, std::set<job_id> going_on) {
    const auto root = p.settings.data / "services";
    const auto look = [&root] { return look_beside(root); };
    auto found = co_await p.files.run(look);
    std::vector<fs::path> forgotten;
    for (const auto& swap : found.swaps) {
        const bool needed = going_on.contains(swap.note.job) || p.jobs.busy(service_job_key(swap.service));
        if (needed)
            std::erase_if(found.beside, [&swap](const found_beside& each) {
                return each.service == swap.service && each.name == swap.note.beside;
            });
        else
            forgotten.push_back(root / swap.service);
    }
    std::erase_if(found.beside, [&p](const found_beside& each) {
        return p.service_servers.beside.contains(each.service + "." + each.name);
    });
    const auto clear = [&found, &forgotten] {
        std::error_code ignored;
        for (const auto& each : found.beside)
            fs::remove_all(each.at, ignored);
        for (const auto& each : found.gone)
            fs::remove_all(each, ignored);
        for (const auto& each : forgotten)
            forget_swap(each);
    };
    co_await p.files.run(clear);
}

task<> collect_beside(parts& p) {
    std::function<bool(const std::string&)> stays = [&p](const std::string& name) {
        return name.find('.') == name.npos || p.service_servers.beside.contains(name);
    };
    auto swept = co_await p.services.sweep(std::move(stays), deadline::after(seconds(60)));
    if (!swept) p.log.warn("throw-away servers were not collected", {{"reason", swept.error().message}});
    std::set<job_id> none;
    co_await sweep_beside(p, std::move(none));
}

}  // namespace gasper::control
