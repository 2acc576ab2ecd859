#include "control/node_drains.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include "control/formation.hpp"
#include "control/sleep.hpp"
#include "control/switch.hpp"
#include "core/store/apps.hpp"

namespace gasper::control {

namespace {

using runtime::observed_instance;
using std::chrono::milliseconds;

bool counts(const observed_instance& i) {
    return i.state == instance_state::up || i.state == instance_state::starting;
}

std::vector<observed_instance> on_node(const std::vector<observed_instance>& all, const std::string& node) {
    std::vector<observed_instance> there;
    for (const auto& i : all)
        if (i.node == node && counts(i)) there.push_back(i);
    return there;
}

struct served {
    std::optional<app> a;
    std::optional<release> r;
};

task<served> load(parts& p, std::string name) {
    co_return co_await p.db.read([&](SQLite::Database& db) {
        served s{.a = store::find_app(db, name), .r = {}};
        if (s.a && s.a->current) s.r = store::find_release(db, p.box, s.a->current);
        return s;
    });
}

task<instance_request> request_of(parts& p, observed_instance i) {
    const auto s = co_await load(p, i.app);
    instance_request wanted{.app = i.app, .process = i.process, .name = i.name, .reserved = i.reserved};
    if (!s.r) co_return wanted;
    const auto rules = rules_for(p, *s.r, i.process);
    wanted.reserved = {rules.reserved_memory, rules.reserved_cpus};
    wanted.required = rules.nodes;
    co_return wanted;
}

/// One app's instances leaving one node.
class moving {
 public:
    moving(parts& p, served s, std::string node, bool force, job_context& job)
        : p_(p), app_(std::move(*s.a)), release_(std::move(*s.r)), node_(std::move(node)), force_(force), job_(job) {}

    task<result<>> run();

 private:
    bool is_exclusive(const observed_instance& i) const { return alone_.contains(i.process); }
    std::vector<observed_instance> leaving(bool exclusive) const;
    task<result<>> see_restarts_out(std::string process);
    task<result<>> take_those_beside(std::vector<observed_instance>& these);
    task<result<>> move_beside(std::vector<observed_instance> these);
    task<result<>> move_one_by_one(std::vector<observed_instance> these);
    task<result<>> move_exclusive(observed_instance one);
    task<> stop_without_place(observed_instance one, std::string why);

    parts& p_;
    app app_;
    release release_;
    std::string node_;
    bool force_;
    job_context& job_;
    std::set<std::string> alone_;  // process types that stop first
    std::vector<start_book::hold> ours_;
};

task<result<>> moving::see_restarts_out(std::string process) {
    while (p_.starts.under_way(app_.name, process))
        co_await sleep_until(deadline::after(start_book::look_again));
    co_return result<>();
}

// Supervision starts none of them from then on.
task<result<>> moving::take_those_beside(std::vector<observed_instance>& these) {
    for (const auto& [process, command] : release_.processes)
        (void)co_await see_restarts_out(process);
    these = leaving(false);
    for (const auto& i : these)
        ours_.push_back(p_.starts.take(app_.name, i.name));
    co_return result<>();
}

std::vector<observed_instance> moving::leaving(bool exclusive) const {
    auto these = on_node(p_.running.of(app_.name, release_.version), node_);
    std::erase_if(these, [&](const auto& i) { return is_exclusive(i) != exclusive; });
    return these;
}

task<> moving::stop_without_place(observed_instance one, std::string why) {
    job_.say("       " + one.name + " of " + app_.name + " is stopped: " + why);
    std::vector<observed_instance> old{std::move(one)};
    retire(p_, std::move(old), p_.settings.drain);
    co_await publish_and_wait(p_);
}

// All beside the old ones, and then the change at once.
task<result<>> moving::move_beside(std::vector<observed_instance> these) {
    std::vector<wanted_instance> again;
    for (const auto& i : these)
        again.push_back({i.name, i.process});
    std::vector<observed_instance> started;
    auto say = job_.sink();
    auto up = co_await job_.guard(start_formation(p_, app_, release_, std::move(again), started, std::move(say)));
    if (!up) {
        co_await discard(p_, std::move(started));
        co_return up;
    }
    for (const auto& i : these)
        job_.say("       " + i.name + " of " + app_.name + " moved");
    retire(p_, std::move(these), p_.settings.drain);
    co_await publish_and_wait(p_);
    co_return result<>();
}

task<result<>> moving::move_one_by_one(std::vector<observed_instance> these) {
    for (auto& i : these) {
        std::vector<observed_instance> one{i};
        auto moved = co_await move_beside(std::move(one));
        if (moved) continue;
        if (moved.error().kind == errc::cancelled) co_return moved;
        co_await stop_without_place(i, moved.error().message);
    }
    co_return result<>();
}

// The old one ends before the new one starts; nobody else starts it meanwhile.
task<result<>> moving::move_exclusive(observed_instance one) {
    const auto ours = p_.starts.take(app_.name, one.process);
    auto alone = co_await job_.guard(see_restarts_out(one.process));
    if (!alone) co_return alone;
    const auto* known = p_.running.find(one.container);
    if (!known || !counts(*known)) co_return result<>();  // it ended meanwhile: the next one starts elsewhere
    std::vector<observed_instance> old{one};
    alone = co_await job_.guard(stop_first(p_, std::move(old)));
    if (!alone) co_return alone;
    std::vector<observed_instance> started;
    std::vector<wanted_instance> again{{one.name, one.process}};
    auto say = job_.sink();
    auto up = co_await job_.guard(start_formation(p_, app_, release_, std::move(again), started, std::move(say)));
    if (!up) co_await discard(p_, std::move(started));
    co_await publish(p_);
    if (up) job_.say("       " + one.name + " of " + app_.name + " moved, stopped first");
    co_return up;
}

task<result<>> moving::run() {
    co_await job_.step("start");
    for (const auto& [process, command] : release_.processes)
        if (co_await stops_first(p_, release_, process)) alone_.insert(process);
    std::vector<observed_instance> beside;
    auto alone = co_await job_.guard(take_those_beside(beside));
    if (!alone) co_return alone;
    if (!beside.empty()) {
        auto moved = co_await move_beside(beside);
        if (!moved && (!force_ || moved.error().kind == errc::cancelled)) co_return moved;
        if (!moved) moved = co_await move_one_by_one(std::move(beside));
        if (!moved) co_return moved;
    }
    for (const auto& one : leaving(true)) {
        auto wanted = co_await request_of(p_, one);
        auto room = co_await p_.placing.find_room(p_.running, std::move(wanted));
        if (!room && !force_) co_return room.error();
        if (!room) {
            co_await stop_without_place(one, room.error().message);
            continue;
        }
        room->give_back();
        auto moved = co_await move_exclusive(one);
        if (!moved) co_return moved;
    }
    job_.commit();
    co_return result<>();
}

task<result<>> run_move(parts& p, std::string name, std::string node, bool force, job_context& job) {
    auto s = co_await load(p, name);
    if (!s.a || !s.r || s.a->stopped) co_return result<>();
    co_await rouse(p, s.a->id, name);
    moving all(p, std::move(s), std::move(node), force, job);
    co_return co_await all.run();
}

// The child's lines become the parent's too.
task<result<>> follow(parts& p, job_id child, job_context& job) {
    auto log = co_await p.jobs.log_of(child);
    if (!log) co_return log.error();
    for (std::size_t at = 0;;) {
        const auto lines = co_await (*log)->read(at);
        if (lines.empty()) break;
        for (const auto& line : lines)
            job.say(line);
        at += lines.size();
    }
    auto ended = co_await p.jobs.info(child);
    if (!ended) co_return ended.error();
    if (ended->state == job_state::succeeded) co_return result<>();
    co_return fail(errc::failed, "move_failed", ended->app() + ": " + ended->reason);
}

job move_of(job_id parent, const std::string& app, const std::string& user) {
    return {.parent = parent, .kind = "move", .key = app, .input = "{}", .user = user};
}

task<result<>> move_app(parts& p, std::string name, std::string node, bool force, std::string user, job_context& job) {
    auto description = move_of(job.id(), name, user);
    auto work = [&p, name, node, force](job_context& own) { return run_move(p, name, node, force, own); };
    auto child = co_await p.jobs.start(std::move(description), std::move(work));
    if (!child) co_return child.error();
    co_return co_await follow(p, *child, job);
}

task<> set_draining(parts& p, std::string node) {
    auto said = p.machines.of(node);
    said.draining = true;
    co_await p.db.transaction([&](SQLite::Database& db) { store::set_node_settings(db, node, said); });
    p.machines.set(node, std::move(said));
}

}  // namespace

task<result<>> check_room_elsewhere(parts& p, std::string node) {
    auto nodes = co_await p.cluster.nodes();
    if (!nodes) co_return nodes.error();
    auto said = p.machines.applied_to(std::move(*nodes));
    for (auto& n : said)
        if (n.name == node && n.state == node_state::active) n.state = node_state::draining;
    placement_index index(said);
    for (const auto& there : as_requests(p.running.all()))
        if (const auto at = index.find(there.node); at != placement_index::none()) index.add(there, at);
    std::optional<error> first;
    std::size_t more = 0;
    const auto leaving = on_node(p.running.all(), node);
    for (const auto& i : leaving) {
        auto wanted = co_await request_of(p, i);
        const auto at = index.place(wanted);
        if (at) {
            index.add(wanted, *at);
            continue;
        }
        more += first ? 1 : 0;
        if (!first) first = at.error();
    }
    if (!first) co_return result<>();
    if (more > 0) first->message += fmt::format("; nor do {} more", more);
    first->message += ". --force stops what has no other place";
    co_return *first;
}

task<result<>> run_drain(parts& p, std::string node, bool force, std::string user, job_context& job) {
    co_await job.step("drain");
    job.say("-----> Draining " + node);
    if (!force) {
        auto fits = co_await check_room_elsewhere(p, node);
        if (!fits) co_return fits;
    }
    co_await set_draining(p, node);
    std::set<std::string> apps;
    for (const auto& i : on_node(p.running.all(), node))
        apps.insert(i.app);
    for (const auto& name : apps) {
        auto moved = co_await job.guard(move_app(p, name, node, force, user, job));
        if (!moved) co_return moved;
    }
    job.say("       Nothing of Gasper's runs on " + node + " any more; it takes nothing until nodes:activate");
    co_return result<>();
}

}  // namespace gasper::control
