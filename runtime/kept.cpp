#include <utility>

#include "runtime/engine/client.hpp"
#include "runtime/host/overlay.hpp"
#include "runtime/once_run.hpp"

namespace gasper::runtime {

using std::chrono::milliseconds;
using std::chrono::seconds;

task<result<std::vector<kept_run>>> single_engine::kept_runs() {
    auto all = co_await ours("gasper.role=once", deadline::after(seconds(30)));
    if (!all) co_return all.error();
    std::vector<kept_run> found;
    for (auto& c : *all) {
        const auto name = c.label.find("gasper.kept");
        if (name == c.label.end()) continue;
        found.push_back({.name = name->second,
                         .container = c.id,
                         .note = c.label["gasper.note"],
                         .begun = c.state != "created",
                         .directory = c.name,
                         .disk_bytes = number_in<std::int64_t>(c.label["gasper.disk"])});
    }
    co_return found;
}

task<result<kept_run>> single_engine::make_kept(once_spec spec, std::string name, std::string note, deadline until) {
    auto c = once_container(spec);
    c.label["gasper.kept"] = name;
    c.label["gasper.note"] = note;
    c.attach_output = false;
    c.log_driver = "local";  // its output waits there for whoever comes back
    c.log_options = {{"max-size", options_.log_size}, {"max-file", std::to_string(options_.log_files)}};
    once_run making(*this, c.name);
    auto created = co_await create_once(spec, c, making, until);
    if (!created) co_return created.error();
    making.keep();
    co_return kept_run{.name = std::move(name),
                       .container = *created,
                       .note = std::move(note),
                       .directory = c.name,
                       .disk_bytes = spec.limit.disk_bytes};
}

// From its first line on, each time: the engine cannot be asked for lines from a number on.
task<result<>> single_engine::pass_on(std::string container, std::size_t& seen, kept_sink sink) {
    std::size_t number = 0;
    bool wanted = true;
    log_options how{.tail = -1, .follow = true};
    how.pause = [&wanted]() -> std::optional<milliseconds> {
        if (!wanted) return std::nullopt;
        return milliseconds(0);
    };
    auto each = [&](log_line line) {
        if (number++ < seen || !wanted) return;
        ++seen;
        wanted = sink(line.text);
    };
    std::function<void(log_line)> lines = each;
    co_return co_await logs(std::move(container), std::move(how), std::move(lines));
}

task<result<int>> single_engine::follow_kept(kept_run what, std::size_t seen, kept_sink sink, deadline until) {
    if (!what.begun)
        if (auto ok = co_await engine_.start_container(what.container, until); !ok) co_return ok.error();
    for (int tries = 0;; ++tries) {
        auto passed = co_await pass_on(what.container, seen, sink);
        auto status = co_await engine_.wait_container(what.container, until);
        if (status && (passed || tries > 10)) co_return *status;
        const auto& why = status ? passed.error() : status.error();
        if (why.kind == errc::not_found || until.expired()) co_return why;
        co_await sleep_until(deadline::after(milliseconds(500)));  // the engine is away
    }
}

task<result<int>> single_engine::run_kept(kept_run what, std::size_t seen, kept_sink sink, deadline until) {
    const std::string named = "run " + what.name;
    const counted_run counted(*this, what.directory, what.container, what.disk_bytes);
    auto status = co_await with_deadline(follow_kept(std::move(what), seen, std::move(sink), until), until, named);
    co_return counted.outcome(std::move(status));
}

task<result<>> single_engine::drop_kept(std::string name) {
    const auto until = deadline::after(seconds(60));
    auto those = co_await ours("gasper.kept=" + name, until);
    if (!those) co_return those.error();
    for (const auto& c : *those) {
        auto removed = co_await engine_.remove_container(c.id, until);
        if (!removed) co_return removed;
        auto unmount = [directory = instances(), called = c.name] { return remove_app_directory(directory, called); };
        auto unmounted = co_await files_.run(std::move(unmount));
        if (!unmounted) co_return unmounted;
    }
    co_return result<>();
}

}  // namespace gasper::runtime
