#include "tests/integration/control/crash_rounds.hpp"

#include <algorithm>
#include <set>

#include "control/services/ways.hpp"
#include "core/store/apps.hpp"
#include "core/store/jobs.hpp"
#include "core/store/services.hpp"

namespace gasper::test {

app app_in(control_world& w) {
    return *w.read([](SQLite::Database& db) { return store::find_app(db, "hello"); });
}

release current_of(control_world& w) {
    return *w.store(
        [&](SQLite::Database& db) { return store::find_release(db, w.box(), store::find_app(db, "hello")->current); });
}

bool described(control_world& w, const std::string& text) {
    return current_of(w).description == text;
}

namespace {

// An app with a web, an exclusive worker and a release command, that serves.
void serve_app(control_world& w) {
    w.deployed("hello");
    w.store([&](SQLite::Database& db) {
        auto r = *store::find_release(db, w.box(), store::find_app(db, "hello")->current);
        r.processes = {{"web", "serve"}, {"worker", "work"}, {"release", "migrate"}};
        r.set["worker"].exclusive = true;
        r.config = {{"COLOR", "red"}};
        store::make_current(db, store::add_release(db, w.box(), r), "static", {{"web", 2}, {"worker", 1}});
    });
    ASSERT_TRUE(w.settle(w.platform().recover()));
}

bool unfinished(control_world& w) {
    return w.read([](SQLite::Database& db) { return !store::unfinished_jobs(db).empty(); });
}

std::string disagreement_of_app(control_world& w, const scripted_cluster& cluster) {
    const auto a = app_in(w);
    const auto r = current_of(w);
    std::multiset<std::string> wanted, there, addresses, routed;
    for (const auto& [process, quantity] : a.stopped ? formation{} : a.wanted)
        for (int n = 1; n <= quantity && r.processes.contains(process); ++n)
            wanted.insert(process + "." + std::to_string(n) + " of v" + std::to_string(r.version));
    for (const auto& [id, i] : cluster.containers) {
        there.insert(i.name + " of v" + std::to_string(i.release));
        if (i.process == "web") addresses.insert(i.address);
    }
    for (const auto& address : w.routed("hello"))
        routed.insert(address);
    if (there != wanted)
        return "there: " + testing::PrintToString(there) + ", wanted: " + testing::PrintToString(wanted);
    if (routed != addresses) return "routed: " + testing::PrintToString(routed);
    return cluster.kept.empty() ? "" : "a one-off is left";
}

// What there is of a service beside what belongs to it.
std::string disagreement_of(control_world& w, const service& s, const service_engine& engine, const release& serving) {
    const auto attached = w.store([&](SQLite::Database& db) { return store::attachments_of(db, w.box(), s.id); });
    std::map<std::string, std::string> users;
    std::set<std::string> networks{"gasper-test-db." + s.name};
    for (const auto& a : attached) {
        users[a.user] = a.password;
        networks.insert("gasper-test-" + a.app_name);
        if (!a.active) return "an attachment nobody works on";
        const auto set = serving.config.find(a.variable);
        if (set == serving.config.end() || set->second != control::url_of(s, a)) return a.variable + " is not its URL";
    }
    const auto* server = engine.find("service", s.name);
    const auto* holder = engine.find("service-sandbox", s.name);
    if (!s.made) return s.name + " is not made";
    if (!server || server->running == s.stopped) return s.name + " is not as it shall be";
    if (server->cpu_shares != 0) return s.name + " gives way to others";
    if (!holder || !holder->running || server->inside != holder->id) return s.name + " has no sandbox";
    if (holder->networks != networks) return "joined: " + testing::PrintToString(holder->networks);
    const auto known = engine.users.find(s.name);
    const auto there = known == engine.users.end() ? std::map<std::string, std::string>() : known->second;
    return there == users ? "" : "users: " + testing::PrintToString(there);
}

std::string disagreement_of_services(control_world& w, const service_engine& engine) {
    const auto all = w.read([](SQLite::Database& db) { return store::all_services(db); });
    const auto serving = current_of(w);
    std::set<std::string> networks{"gasper-test-hello"}, directories;
    for (const auto& s : all) {
        auto wrong = disagreement_of(w, s, engine, serving);
        if (!wrong.empty()) return wrong;
        networks.insert("gasper-test-db." + s.name);
        directories.insert(s.name);
    }
    const auto attached = w.store([&](SQLite::Database& db) {
        return store::attachments_of(db, w.box(), store::find_app(db, "hello")->id).size();
    });
    // COLOR is the app's own; its first release has none.
    if (serving.config.size() - serving.config.count("COLOR") != attached) return "a variable without an attachment";
    if (engine.containers.size() != 2 * all.size()) return "containers of nobody";
    if (directories.contains("green") && engine.tables.at("green") != engine.tables.at("blue"))
        return "green is no copy of blue";
    for (const auto& [name, n] : engine.networks)
        if (!networks.contains(name)) return "the network " + name;
    std::error_code none_yet;
    for (const auto& at :
         std::filesystem::directory_iterator(w.platform().shared().settings.data / "services", none_yet))
        if (!directories.contains(at.path().filename())) return "the directory " + at.path().string();
    return "";
}

// Engines, store and table say the same of the app and its databases, and nothing else is there.
std::string disagreement(control_world& w, const scripted_cluster& cluster, const service_engine& databases) {
    auto wrong = disagreement_of_app(w, cluster);
    return wrong.empty() ? disagreement_of_services(w, databases) : wrong;
}

// Whoever runs has a way into what it was given.
void expect_unused(const scripted_cluster& cluster, const std::string& user) {
    for (const auto& [id, i] : cluster.containers)
        for (const auto& [variable, value] : cluster.environments.at(id))
            EXPECT_EQ(value.find(user), value.npos) << i.name << " of v" << i.release << " still has " << user;
}

void expect_ended_well(control_world& w, const scenario& s, const std::vector<job>& accepted) {
    for (const auto& before : accepted) {
        const auto j = w.settle(w.jobs().info(before.id)).value();
        const bool cut = j.reason.find("release command") != std::string::npos;
        EXPECT_TRUE(j.state == job_state::succeeded || (cut && j.state == job_state::failed)) << j.reason;
        EXPECT_EQ(s.done(w), j.state == job_state::succeeded) << j.reason;
    }
    const auto pending = w.store([](SQLite::Database& db) {
        return db.execAndGet("SELECT COUNT(*) FROM releases WHERE state = 'pending'").getInt();
    });
    EXPECT_EQ(pending, 0);
}

}  // namespace

std::unique_ptr<control_world> crash_rounds::world(const std::filesystem::path& data, outside& around) {
    around.databases.on_revoke = [&cluster = around.cluster](const std::string& user) { expect_unused(cluster, user); };
    return std::make_unique<control_world>(data, around.cluster, std::function<void(control::options&)>(),
                                           &around.databases);
}

void crash_rounds::prepare(const scenario& s) {
    auto w = world(first_.path(), first_outside_);
    serve_app(*w);
    // From its first start on: whatever is made of it then has these.
    auto& databases = first_outside_.databases;
    databases.on_verb = [&databases](const std::string&, const std::string& service) {
        if (service == "blue") databases.tables["blue"] = {{"orders", 3}, {"things", 5}};
    };
    s.prepare(*w);
    databases.on_verb = {};
    const auto wrong = [&] { return disagreement(*w, first_outside_.cluster, first_outside_.databases); };
    ASSERT_TRUE(w->until([&] { return !unfinished(*w) && wrong().empty(); })) << wrong();
    w.reset();
    std::filesystem::remove(first_.path() / "feed.sock");  // a socket cannot be copied
}

bool crash_rounds::round(const scenario& s, moment when) {
    test::temporary_directory dir;
    std::filesystem::copy(first_.path(), dir.path(), std::filesystem::copy_options::recursive);
    auto around = first_outside_;
    around.cluster.once.clear();
    around.databases.begun.clear();
    if (!ends(s, dir.path(), around, when)) return false;
    SCOPED_TRACE(when.text());
    look(s, dir.path(), around);
    return true;
}

bool crash_rounds::ends(const scenario& s, const std::filesystem::path& data, outside& around, moment when) {
    killer k(around.cluster, around.databases, when);
    auto w = world(data, around);
    if (s.needs_recovery) {
        EXPECT_TRUE(w->settle(w->platform().recover()));
    }
    k.watch(*w);
    try {
        s.begin(*w);
        w->until([&] { return !unfinished(*w); });
    } catch (const std::exception&) {
        EXPECT_TRUE(k.killed());
    }
    k.bury(*w);
    return k.killed();
}

void crash_rounds::look(const scenario& s, const std::filesystem::path& data, outside& around) {
    const auto w = world(data, around);
    const auto accepted = w->store([](SQLite::Database& db) { return store::unfinished_jobs(db); });
    ASSERT_TRUE(w->settle(w->platform().recover()));
    const auto wrong = [&] { return disagreement(*w, around.cluster, around.databases); };
    EXPECT_TRUE(w->until([&] { return !unfinished(*w) && wrong().empty(); })) << wrong();
    std::map<std::string, int> begun;
    for (const auto& spec : around.cluster.once)
        EXPECT_LE(++begun[spec.command], 1) << spec.command << " ran twice";
    expect_ended_well(*w, s, accepted);
}

void crash_rounds::everywhere(const scenario& s) {
    prepare(s);
    if (HasFatalFailure()) return;
    int rounds = 0;
    for (const auto at : {moment::what::commit, moment::what::after_commit, moment::what::call})
        for (int n = 1; n < 100 && round(s, {at, n}) && !HasFailure(); ++n)
            ++rounds;
    EXPECT_GT(rounds, 5) << "that was no job";
    RecordProperty("rounds", rounds);
}

}  // namespace gasper::test
