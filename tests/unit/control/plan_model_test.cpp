// plan() against a small model of an engine, in random sequences of what people, processes and machines do.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "control/fleet.hpp"

namespace gasper::control {
namespace {

using runtime::observed_instance;

const std::vector<std::string> types{"web", "worker", "clock"};

struct world {
    std::mt19937 dice;
    formation wanted{{"web", 1}};
    process_types processes{{"web", "serve"}};
    int version{1};
    std::vector<observed_instance> there;
    int made{0};

    explicit world(unsigned seed) : dice(seed) {}

    std::size_t roll(std::size_t n) { return dice() % n; }
    void add(const std::string& name, int release, instance_state state) {
        there.push_back({.container = "c" + std::to_string(++made),
                         .app = "hello",
                         .name = name,
                         .process = name.substr(0, name.find('.')),
                         .release = release,
                         .state = state});
    }
    observed_instance* any() { return there.empty() ? nullptr : &there[roll(there.size())]; }

    // Something happens that nobody planned.
    void happen() {
        const auto process = types[roll(types.size())];
        switch (roll(8)) {
            case 0:
                wanted[process] = static_cast<int>(roll(4));
                break;
            case 1:
                if (roll(2) == 0)
                    processes.erase(process);
                else
                    processes[process] = "run";
                break;
            case 2:
                version = static_cast<int>(1 + roll(4));
                break;
            case 3:
                if (auto* i = any()) i->state = instance_state::crashed;
                break;
            case 4:
                if (auto* i = any()) i->state = roll(2) == 0 ? instance_state::up : instance_state::starting;
                break;
            case 5:
                if (!there.empty()) there.erase(there.begin() + static_cast<std::ptrdiff_t>(roll(there.size())));
                break;
            case 6:  // by hand, or by a process before this one
                add(process + "." + std::to_string(1 + roll(4)), static_cast<int>(1 + roll(4)), instance_state::up);
                break;
            default:
                std::shuffle(there.begin(), there.end(), dice);
        }
    }

    plan next() const { return make_plan(wanted, processes, version, there); }
    void apply(const plan& p) {
        for (const auto& gone : p.stop)
            std::erase_if(there, [&](const auto& i) { return i.container == gone.container; });
        for (const auto& [name, process] : p.start)
            add(name, version, instance_state::starting);
    }

    std::set<std::string> names_wanted() const {
        std::set<std::string> names;
        for (const auto& [process, quantity] : wanted)
            for (int n = 1; processes.contains(process) && n <= quantity; ++n)
                names.insert(process + "." + std::to_string(n));
        return names;
    }
    bool serves(const observed_instance& i) const { return i.release == version && i.state == instance_state::up; }
    bool counts(const observed_instance& i) const {
        return serves(i) || (i.release == version && i.state == instance_state::starting);
    }
};

void never_starts_what_is_there(const world& w, const plan& p) {
    std::set<std::string> started;
    for (const auto& [name, process] : p.start) {
        ASSERT_TRUE(started.insert(name).second) << name << " twice";
        ASSERT_TRUE(w.names_wanted().contains(name));
        ASSERT_TRUE(name.starts_with(process + "."));
        ASSERT_TRUE(
            std::none_of(w.there.begin(), w.there.end(), [&](const auto& i) { return i.name == name && w.counts(i); }));
    }
}

void never_stops_what_is_healthy_and_wanted(const world& w, const plan& p) {
    for (const auto& name : w.names_wanted()) {
        const auto serving =
            std::count_if(w.there.begin(), w.there.end(), [&](const auto& i) { return i.name == name && w.serves(i); });
        const auto stopped =
            std::count_if(p.stop.begin(), p.stop.end(), [&](const auto& i) { return i.name == name && w.serves(i); });
        if (serving > 0) {
            ASSERT_EQ(stopped, serving - 1) << name << ": one of the healthy stays, and one only";
        }
    }
}

TEST(plan_model_test, keeps_its_promises_whatever_happens) {
    for (unsigned seed = 0; seed < 200; ++seed) {
        world w(seed);
        for (int step = 0; step < 200; ++step) {
            for (auto n = w.roll(4); n > 0; --n)
                w.happen();
            const auto p = w.next();
            never_starts_what_is_there(w, p);
            never_stops_what_is_healthy_and_wanted(w, p);
            if (HasFatalFailure()) FAIL() << "seed " << seed << ", step " << step;
            w.apply(p);
            ASSERT_TRUE(w.next().empty()) << "one round suffices: seed " << seed << ", step " << step;
            std::multiset<std::string> names;
            for (const auto& i : w.there)
                names.insert(i.name);
            const auto wanted = w.names_wanted();
            ASSERT_EQ(names, (std::multiset<std::string>(wanted.begin(), wanted.end())));
        }
    }
}

TEST(plan_model_test, does_not_depend_on_the_order_in_which_the_engine_lists) {
    for (unsigned seed = 0; seed < 200; ++seed) {
        world w(seed);
        for (int n = 0; n < 40; ++n)
            w.happen();
        const auto before = w.next();
        std::shuffle(w.there.begin(), w.there.end(), w.dice);
        const auto after = w.next();
        ASSERT_EQ(before.start, after.start);
        ASSERT_EQ(before.stop.size(), after.stop.size());
    }
}

}  // namespace
}  // namespace gasper::control
