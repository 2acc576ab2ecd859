#include "control/scaling.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace gasper::control {
namespace {

using namespace std::chrono_literals;
using clock = scaling_history::clock;

const clock::time_point start = clock::time_point() + 1h;

autoscale_rule queue_rule(int least, int most, double target) {
    return {.least = least, .most = most, .signal = scale_signal::queue, .target = target, .cooldown = 120s};
}

/// An app whose number follows what is decided, looked at every ten seconds.
struct simulated {
    autoscale_rule rule;
    int running;
    clock::time_point at{start};
    scaling_history history{start};
    int ups{0}, downs{0};

    void look(double load) {
        at += 10s;
        history.add({at, load});
        const int n = history.wanted(rule, running, at);
        EXPECT_GE(n, rule.least);
        EXPECT_LE(n, rule.most);
        if (n == running) return;
        ups += n > running;
        downs += n < running;
        running = n;
        history.changed(at);
    }
    void look(double load, int times) {
        for (int i = 0; i < times; ++i)
            look(load);
    }
};

TEST(scaling_test, starts_as_many_as_the_load_needs_by_doubling) {
    simulated app{queue_rule(1, 10, 5), 1};
    app.look(38);
    EXPECT_EQ(app.running, 1) << "one sample is no reason";
    app.look(38);
    EXPECT_EQ(app.running, 2);
    app.look(38, 10);
    EXPECT_EQ(app.running, 8);
    EXPECT_EQ(app.downs, 0);
}

TEST(scaling_test, a_single_spike_changes_nothing) {
    simulated app{queue_rule(1, 10, 5), 2};
    for (int i = 0; i < 50; ++i) {
        app.look(9);
        app.look(9);
        app.look(500);
    }
    EXPECT_EQ(app.running, 2);
}

TEST(scaling_test, fewer_only_after_the_whole_cool_down_and_with_room_to_spare) {
    simulated app{queue_rule(1, 10, 10), 4};
    app.look(5, 11);
    EXPECT_EQ(app.running, 4) << "110 s";
    app.look(5, 2);
    EXPECT_EQ(app.running, 2) << "at most half go at once";
    app.look(5, 13);
    EXPECT_EQ(app.running, 1);
    simulated tight{queue_rule(1, 10, 10), 4};
    tight.look(29, 100);
    EXPECT_EQ(tight.running, 4) << "three would carry 9.7 of 10 each";
    tight.look(23, 100);
    EXPECT_EQ(tight.running, 3);
}

TEST(scaling_test, bounds_hold_at_once) {
    scaling_history nothing_seen(start);
    EXPECT_EQ(nothing_seen.wanted(queue_rule(3, 5, 1), 1, start), 3);
    EXPECT_EQ(nothing_seen.wanted(queue_rule(1, 2, 1), 9, start), 2);
    EXPECT_EQ(nothing_seen.wanted(queue_rule(1, 9, 1), 4, start + 1h), 4) << "nothing seen: nothing changes";
}

TEST(scaling_test, what_is_no_number_is_not_looked_at) {
    simulated app{queue_rule(1, 10, 5), 2};
    app.look(std::nan(""), 20);
    app.look(HUGE_VAL, 20);
    EXPECT_EQ(app.running, 2);
    app.look(1e300, 2);
    EXPECT_EQ(app.running, 4) << "large, and a number";
    app.look(-5, 30);
    EXPECT_EQ(app.running, 1);
}

TEST(scaling_property_test, never_leaves_its_bounds_and_never_more_than_doubles_or_halves) {
    std::mt19937 dice(7);
    for (int round = 0; round < 300; ++round) {
        const int least = 1 + static_cast<int>(dice() % 5);
        simulated app{queue_rule(least, least + static_cast<int>(dice() % 20), 0.5 + dice() % 40), least};
        app.rule.cooldown = std::chrono::seconds(10 + dice() % 300);
        for (int i = 0; i < 300; ++i) {
            const int before = app.running;
            if (dice() % 50 == 0) app.rule.most = app.rule.least + static_cast<int>(dice() % 20);
            const bool bound = before > app.rule.most;
            app.look(std::exp(static_cast<double>(dice() % 1000) / 100) - 1);
            if (bound) continue;
            ASSERT_LE(app.running, before * 2);
            ASSERT_GE(app.running, before / 2);
        }
    }
}

TEST(scaling_property_test, a_signal_that_swings_by_a_tenth_moves_the_number_one_way_only) {
    std::mt19937 dice(11);
    std::uniform_real_distribution<double> swing(0.9, 1.1), level(0.1, 400), each(1, 50);
    for (int round = 0; round < 300; ++round) {
        const double mean = level(dice);
        simulated app{queue_rule(1, 100, each(dice)), 1 + static_cast<int>(dice() % 30)};
        for (int i = 0; i < 1000; ++i)
            app.look(mean * swing(dice));
        ASSERT_TRUE(app.ups == 0 || app.downs == 0)
            << mean << " of " << app.rule.target << ": " << app.ups << " ups, " << app.downs << " downs";
        const double carried = mean / app.running;
        ASSERT_TRUE(carried <= app.rule.target * 1.1 || app.running == app.rule.most) << "it settles where it suffices";
    }
}

TEST(scaling_property_test, two_changes_the_other_way_are_a_cool_down_apart) {
    std::mt19937 dice(13);
    for (int round = 0; round < 100; ++round) {
        simulated app{queue_rule(1, 50, 10), 5};
        clock::time_point changed = start;
        for (int i = 0; i < 500; ++i) {
            const int before = app.running;
            app.look(static_cast<double>(dice() % 600));
            if (app.running < before) {
                ASSERT_GE(app.at - changed, app.rule.cooldown);
            }
            if (app.running != before) changed = app.at;
        }
    }
}

TEST(autoscale_rule_test, refuses_what_makes_no_sense) {
    EXPECT_TRUE(check_rule(queue_rule(1, 5, 10)));
    EXPECT_FALSE(check_rule(queue_rule(0, 5, 10)));
    EXPECT_FALSE(check_rule(queue_rule(6, 5, 10)));
    EXPECT_FALSE(check_rule(queue_rule(1, 101, 10)));
    EXPECT_FALSE(check_rule(queue_rule(1, 5, std::nan(""))));
    EXPECT_FALSE(check_rule(queue_rule(1, 5, 0)));
    EXPECT_FALSE(check_rule({.least = 1, .most = 5, .signal = scale_signal::cpu, .target = 96}));
    EXPECT_FALSE(check_rule({.least = 1, .most = 5, .target = 5, .cooldown = 9s}));
    EXPECT_EQ(in_words({.least = 1, .most = 5, .signal = scale_signal::cpu, .target = 60}), "1 to 5, 60 % CPU");
}

}  // namespace
}  // namespace gasper::control
