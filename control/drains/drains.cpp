#include "control/drains/drains.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <algorithm>
#include <deque>

#include "control/drains/target.hpp"
#include "control/parts.hpp"
#include "control/platform.hpp"
#include "core/base/rounds.hpp"
#include "core/store/audit.hpp"

namespace gasper::control {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint64_t lines_at_once = 500;       // read from disk
constexpr std::size_t bytes_at_once = 256u << 10;  // sent
constexpr auto send_time = seconds(30);

milliseconds back_off(int failures) {
    return std::min<milliseconds>(seconds(1) * (1 << std::clamp(failures - 1, 0, 9)), std::chrono::minutes(5));
}

}  // namespace

struct drains::sending {
    struct mark {
        deadline::clock::time_point at;
        std::uint64_t position;
    };

    store::drain row;           // its position: what was received for sure
    std::uint64_t position{0};  // what was sent
    std::deque<mark> sent;      // between the two
    std::string shown;
    std::unique_ptr<drain_target> target;
    bool gone{false};
    int failures{0};  // in a row
    deadline::clock::time_point kept{};
    std::uint64_t kept_position{0};
    std::string kept_error;

    std::string named() const { return "Drain " + std::to_string(row.id) + " (" + shown + ")"; }
    void failed(const std::string& why) {
        ++failures;
        row.last_error = why;
    }
};

drains::drains(platform& p) : platform_(p) {}
drains::~drains() = default;

task<result<drain_view>> drains::add(identity who, std::string app, std::string url) {
    auto found = co_await platform_.apps().authorize(who, app);
    if (!found) co_return found.error();
    auto address = parse_drain_address(url);
    if (!address) co_return address.error();
    if (url.starts_with("http://") && !who.admin)
        co_return fail(errc::invalid, "drain_url", "a drain over http without TLS is for admins");
    auto& p = platform_.shared();
    // Only what comes is sent.
    auto live = co_await p.logs->store().follow(found->name, p.executor);
    store::drain row{.app = found->id, .app_name = found->name, .anywhere = who.admin, .position = live->after()};
    row.url = p.box.seal(url);
    auto added = co_await p.db.transaction([&](SQLite::Database& db) -> result<std::int64_t> {
        if (store::drains_of(db, found->id).size() >= most_of_app)
            return fail(errc::conflict, "too_many_drains",
                        "an app has at most " + std::to_string(most_of_app) + " drains; remove one first");
        store::add_audit(db, who.name, "drain.added", found->name, address->shown);
        return store::add_drain(db, row);
    });
    if (!added) co_return added.error();
    co_await start_missing();
    co_return drain_view{.id = *added, .url = address->shown, .state = "well", .created = now()};
}

task<result<std::vector<drain_view>>> drains::list(identity who, std::string app) {
    auto found = co_await platform_.apps().authorize(who, app);
    if (!found) co_return found.error();
    auto& p = platform_.shared();
    auto rows = co_await p.db.read([&](SQLite::Database& db) { return store::drains_of(db, found->id); });
    std::vector<drain_view> views;
    for (const auto& row : rows) {
        const auto url = p.box.unseal(row.url);
        const auto address = url ? parse_drain_address(*url) : url.error();
        const auto running = running_.find(row.id);
        const auto& now = running == running_.end() ? row : running->second->row;
        views.push_back({.id = row.id,
                         .url = address ? address->shown : "?",
                         .state = now.last_error.empty() ? "well" : now.last_error,
                         .dropped = now.dropped,
                         .created = row.created});
    }
    co_return views;
}

task<result<>> drains::remove(identity who, std::string app, std::int64_t id) {
    auto found = co_await platform_.apps().authorize(who, app);
    if (!found) co_return found.error();
    const bool removed = co_await platform_.shared().db.transaction([&](SQLite::Database& db) {
        if (!store::remove_drain(db, found->id, id)) return false;
        store::add_audit(db, who.name, "drain.removed", found->name, "drain " + std::to_string(id));
        return true;
    });
    if (!removed) co_return fail(errc::not_found, "drain_not_found", app + " has no drain " + std::to_string(id));
    if (const auto at = running_.find(id); at != running_.end()) at->second->gone = true;
    co_return result<>();
}

task<> drains::run() {
    auto turn = [this] { return start_missing(); };
    co_await repeat(platform_.shared().log, "drains", seconds(15), std::move(turn));
}

task<> drains::start_missing() {
    auto& p = platform_.shared();
    const auto all = co_await p.db.read([](SQLite::Database& db) { return store::all_drains(db); });
    for (const auto& row : all) {
        if (running_.contains(row.id)) continue;
        auto url = p.box.unseal(row.url);
        auto address = url ? parse_drain_address(*url) : result<drain_address>(url.error());
        if (!address) {
            p.log.error("a drain is of no use", {{"drain", row.id}, {"reason", address.error().message}});
            continue;
        }
        auto one = std::make_shared<sending>();
        one->row = row;
        one->shown = address->shown;
        one->position = one->kept_position = row.position;
        one->target = make_drain_target(std::move(*address), row.app_name, row.anywhere);
        running_[row.id] = one;
        p.background.spawn("drain", send_all(one));
    }
}

task<> drains::send_all(std::shared_ptr<sending> one) {
    struct at_end {
        drains& self;
        std::int64_t id;
        ~at_end() { self.running_.erase(id); }
    } const over{*this, one->row.id};
    auto& p = platform_.shared();
    auto live = co_await p.logs->store().follow(one->row.app_name, p.executor);
    auto newest = live->after();
    for (bool ended = false; !one->gone && !ended;) {
        bool good = true;
        if (one->position < newest) {
            good = co_await catch_up(*one, newest);
        } else {
            std::optional<log_follower::batch> next;
            auto waiting = live->next();
            auto kept = store_in(next, std::move(waiting));
            (void)co_await finishes_before(std::move(kept), deadline::after(seconds(1)));
            if (next) good = co_await take(*one, *next, newest);
            ended = next && next->ended;
        }
        if (good)
            co_await confirm(*one);
        else
            co_await wait_after_failure(*one);
    }
}

// Live lines that follow what was sent are sent as they are; others are read from disk in the next turn.
task<bool> drains::take(sending& one, const log_follower::batch& next, std::uint64_t& newest) {
    std::vector<log_entry> lines;
    for (const auto& line : next.lines)
        if (line->sequence == 0 || line->sequence > one.position) lines.push_back(*line);
    for (const auto& line : lines)
        newest = std::max(newest, line.sequence);
    const bool gap = next.dropped > 0 || (!lines.empty() && lines.front().sequence > one.position + 1);
    if (gap || lines.empty()) co_return true;
    co_return co_await deliver(one, std::move(lines));
}

task<bool> drains::catch_up(sending& one, std::uint64_t upto) {
    while (one.position < upto && !one.gone) {
        log_range range{
            .after = one.position, .upto = std::min(upto, one.position + lines_at_once), .most = lines_at_once};
        const auto end = range.upto;
        auto lines = co_await platform_.shared().logs->store().read(one.row.app_name, range);
        const auto first = lines.empty() ? end + 1 : lines.front().sequence;
        if (first > one.position + 1) tell_lost(one, first - one.position - 1);
        bool good = true;
        if (!lines.empty()) good = co_await deliver(one, std::move(lines));
        if (!good) co_return false;
        one.position = std::max(one.position, end);
        co_await confirm(one);
    }
    co_return true;
}

// In the log, which the drain gets as well. What stood before the gap is not there to be sent again either.
void drains::tell_lost(sending& one, std::uint64_t count) {
    one.row.dropped += count;
    one.position += count;
    one.sent.clear();
    one.row.position = one.position;
    platform_.shared().logs->say(one.row.app_name, now(),
                                 one.named() + ": " + std::to_string(count) +
                                     " lines were dropped: the log no longer had them when the drain could take them");
}

task<bool> drains::deliver(sending& one, std::vector<log_entry> lines) {
    for (auto at = lines.begin(); at != lines.end() && !one.gone;) {
        std::vector<log_entry> batch;
        for (std::size_t bytes = 0; at != lines.end() && (batch.empty() || bytes + at->text.size() < bytes_at_once);
             ++at) {
            bytes += at->text.size();
            batch.push_back(std::move(*at));
        }
        const auto last = batch.back().sequence;
        auto sent = co_await one.target->send(std::move(batch), deadline::after(send_time));
        if (!sent) {
            one.failed(sent.error().message);
            co_return false;
        }
        one.position = std::max(one.position, last);
        one.sent.push_back({deadline::clock::now(), one.position});
    }
    if (std::exchange(one.failures, 0) > 0)
        platform_.shared().logs->say(one.row.app_name, now(), one.named() + " takes lines again");
    one.row.last_error.clear();
    co_return true;
}

// What was sent is taken for received when its connection has stood for a while after it.
task<> drains::confirm(sending& one) {
    const bool broken = co_await one.target->broken();
    if (broken) {
        one.position = one.row.position;
        one.sent.clear();
    }
    while (!one.sent.empty() && deadline::clock::now() - one.sent.front().at > one.target->settles()) {
        one.row.position = one.sent.front().position;
        one.sent.pop_front();
    }
    if (deadline::clock::now() - one.kept > seconds(1)) co_await keep_progress(one);
}

task<> drains::wait_after_failure(sending& one) {
    auto& p = platform_.shared();
    one.position = one.row.position;
    one.sent.clear();
    if (one.failures == 1) {
        p.log.warn("a drain does not take lines", {{"drain", one.row.id}, {"reason", one.row.last_error}});
        p.logs->say(one.row.app_name, now(), one.named() + " does not take lines: " + one.row.last_error);
    }
    co_await keep_progress(one);
    const auto again = deadline::after(back_off(one.failures));
    while (!one.gone && !again.expired())
        co_await sleep_until(again.sooner(seconds(1)));
}

// At most once a second: after a crash the latest lines come twice, none is missing.
task<> drains::keep_progress(sending& one) {
    if (one.kept_position == one.row.position && one.kept_error == one.row.last_error) co_return;
    one.kept = deadline::clock::now();
    one.kept_position = one.row.position;
    one.kept_error = one.row.last_error;
    try {
        co_await platform_.shared().db.transaction([&](SQLite::Database& db) { store::set_progress(db, one.row); });
    } catch (const refusal&) {  // a full disk: it is kept when there is room
        one.kept_position = 0;
    }
}

}  // namespace gasper::control
