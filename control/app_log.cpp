#include "control/app_log.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <algorithm>

#include "core/store/apps.hpp"

namespace gasper::control {

app_log::app_log(parts& p, app a, log_query query, line_sink sink)
    : p_(p),
      app_(std::move(a)),
      query_(std::move(query)),
      sink_(std::move(sink)),
      live_from_(now()),
      scope_(p.executor, [&p](const std::string& name, const std::string& what) {
          p.log.warn("a log reader failed", {{"instance", name}, {"reason", what}});
      }) {}

std::string app_log::line(sys_time at, const std::string& source, const std::string& text) {
    return to_rfc3339(at) + " " + source + ": " + text;
}

bool app_log::wanted(const runtime::observed_instance& i) const {
    return query_.process.empty() || query_.process == i.name || query_.process == i.process;
}

task<> app_log::collect_past(std::vector<entry>& past) {
    const auto until = deadline::after(std::chrono::seconds(10));
    for (const auto& i : p_.running.of(app_.name)) {
        if (!wanted(i)) continue;
        auto keep = [&past, &i](const runtime::log_line& l) {
            past.push_back({l.at, line(l.at, "app[" + i.name + "]", l.text)});
        };
        auto read = p_.cluster.logs(i.container, {.tail = query_.lines}, keep);
        auto done = co_await with_deadline(std::move(read), until, "reading the log");
        if (!done) p_.log.warn("a log cannot be read", {{"instance", i.name}, {"reason", done.error().message}});
    }
    const auto events = co_await p_.db.read([&](SQLite::Database& db) {
        return store::events_of(db, app_.id, 0, query_.process.empty() ? std::max(1, query_.lines) : 1);
    });
    for (const auto& e : events) {
        last_event_ = e.id;
        if (query_.process.empty()) past.push_back({e.at, line(e.at, "gasper", e.text)});
    }
}

task<> app_log::follow_instance(runtime::observed_instance instance) {
    auto show = [this, name = instance.name](const runtime::log_line& l) {
        sink_(line(l.at, "app[" + name + "]", l.text));
    };
    (void)co_await p_.cluster.logs(instance.container, {.tail = -1, .follow = true, .since = live_from_}, show);
}

task<> app_log::follow_new() {
    for (const auto& i : p_.running.of(app_.name))
        if (wanted(i) && followed_.insert(i.container).second) scope_.spawn(i.name, follow_instance(i));
    co_return;
}

task<> app_log::follow_events() {
    const auto fresh =
        co_await p_.db.read([&](SQLite::Database& db) { return store::events_of(db, app_.id, last_event_, 1000); });
    for (const auto& e : fresh) {
        last_event_ = e.id;
        if (query_.process.empty()) sink_(line(e.at, "gasper", e.text));
    }
}

// Instances come and go with deploys: look again at every event, and often enough that a start is not missed.
task<> app_log::follow_all() {
    for (auto seen = ~std::uint64_t{0};;) {
        co_await follow_new();
        if (seen != p_.event_count) {
            seen = p_.event_count;
            co_await follow_events();
        }
        co_await sleep_until(deadline::after(std::chrono::milliseconds(50)));
    }
}

task<result<>> app_log::run() {
    std::vector<entry> past;
    co_await collect_past(past);
    std::stable_sort(past.begin(), past.end(), [](const entry& a, const entry& b) { return a.at < b.at; });
    const auto most = static_cast<std::size_t>(query_.lines);
    for (std::size_t i = past.size() > most ? past.size() - most : 0; i < past.size(); ++i)
        if (!query_.follow || past[i].at < live_from_) sink_(past[i].text);
    if (!query_.follow) co_return result<>();
    std::exception_ptr ended;
    try {
        co_await follow_all();
    } catch (...) {
        ended = std::current_exception();
    }
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    scope_.cancel();
    co_await scope_.join();
    std::rethrow_exception(ended);
}

}  // namespace gasper::control
