#include <algorithm>

#include "control/backups/backups.hpp"
#include "control/clones/clones.hpp"
#include "control/services/services.hpp"
#include "core/store/apps.hpp"
#include "core/store/services.hpp"
#include "tests/integration/control/crash_rounds.hpp"

namespace gasper::test {

namespace {

using request = std::function<task<result<job_id>>(control::services&)>;

// The coroutine owns what it asks: it may end after the process that asked was ended.
task<result<job_id>> asked(control::services databases, request what) {
    co_return co_await what(databases);
}

result<job_id> ask(control_world& w, request what) {
    return w.settle(asked(control::services(w.platform()), std::move(what)));
}

void expect_done(control_world& w, result<job_id> begun) {
    ASSERT_TRUE(begun) << begun.error().message;
    ASSERT_EQ(w.finish(*begun), job_state::succeeded) << w.settle(w.jobs().info(*begun)).value().reason;
}

control::new_service redis_service() {
    return {.kind = "redis", .name = "blue"};
}

control::new_attachment blue_for_hello() {
    return {.service = "blue", .app = "hello"};
}

void make_service(control_world& w) {
    expect_done(w, ask(w, [&](control::services& s) { return s.create(w.who(), redis_service()); }));
}

void attach_service(control_world& w) {
    make_service(w);
    expect_done(w, ask(w, [&](control::services& s) { return s.attach(w.who(), blue_for_hello()); }));
}

void stop_attached(control_world& w) {
    attach_service(w);
    expect_done(w, ask(w, [&](control::services& s) { return s.order(w.who(), "blue", "stop"); }));
}

std::function<void(control_world&)> orders(const std::string& what) {
    return [what](control_world& w) {
        (void)ask(w, [&](control::services& s) { return s.order(w.who(), "blue", what); });
    };
}

std::string state_of_blue(control_world& w) {
    control::services databases(w.platform());
    const auto all = w.settle(databases.list(w.who())).value();
    return all.empty() ? "gone" : all.front().state;
}

std::function<bool(control_world&)> is(const std::string& state) {
    return [state](control_world& w) { return state_of_blue(w) == state; };
}

bool has_url(control_world& w) {
    return current_of(w).config.contains("REDIS_URL");
}

scenario attach_scenario() {
    return {make_service,
            [](control_world& w) {
                (void)ask(w, [&](control::services& s) { return s.attach(w.who(), blue_for_hello()); });
            },
            has_url};
}

scenario detach_scenario() {
    return {attach_service,
            [](control_world& w) {
                (void)ask(w, [&](control::services& s) { return s.detach(w.who(), "blue", "hello", ""); });
            },
            [](control_world& w) { return !has_url(w); }};
}

scenario rotate_scenario() {
    return {attach_service,
            [](control_world& w) {
                (void)ask(w, [&](control::services& s) { return s.rotate(w.who(), "blue", "hello", ""); });
            },
            [](control_world& w) { return described(w, "Rotate the credentials of blue"); }};
}

scenario promote_scenario() {
    return {[](control_world& w) {
                make_service(w);
                auto wanted = blue_for_hello();
                wanted.alias = "BLUE";
                expect_done(w, ask(w, [&](control::services& s) { return s.attach(w.who(), wanted); }));
            },
            [](control_world& w) {
                (void)ask(w, [&](control::services& s) { return s.promote(w.who(), "blue", "hello", ""); });
            },
            has_url};
}

scenario create_scenario() {
    return {nothing,
            [](control_world& w) {
                (void)ask(w, [&](control::services& s) { return s.create(w.who(), redis_service()); });
            },
            is("up")};
}

// One that does not run has no last backup.
scenario destroy_scenario() {
    return {[](control_world& w) {
                make_service(w);
                expect_done(w, ask(w, [&](control::services& s) { return s.order(w.who(), "blue", "stop"); }));
            },
            [](control_world& w) {
                (void)ask(w, [&](control::services& s) { return s.destroy(w.who(), "blue", "blue"); });
            },
            is("gone")};
}

bool has_green(control_world& w) {
    control::services databases(w.platform());
    const auto all = w.settle(databases.list(w.who())).value();
    return std::any_of(all.begin(), all.end(), [](const auto& v) { return v.info.name == "green" && v.state == "up"; });
}

// As asked().
task<result<job_id>> cloned(control::clones copies, control::identity who, control::new_clone wanted) {
    co_return co_await copies.start(std::move(who), std::move(wanted));
}

scenario clone_scenario() {
    return {make_service,
            [](control_world& w) {
                control::new_clone wanted;
                wanted.of = "blue";
                wanted.name = "green";
                (void)w.settle(cloned(control::clones(w.platform()), w.who(), wanted));
            },
            has_green};
}

// As asked().
task<result<job_id>> restored(control::backups all, control::identity who, control::restore_request wanted) {
    co_return co_await all.restore(std::move(who), std::move(wanted));
}

// Into one that is made for it.
scenario restore_scenario() {
    return {[](control_world& w) {
                make_service(w);
                control::backups all(w.platform());
                expect_done(w, w.settle(all.make(w.who(), "blue", "")));
            },
            [](control_world& w) {
                control::restore_request wanted;
                wanted.service = "blue";
                wanted.backup = 1;
                wanted.into = "green";
                (void)w.settle(restored(control::backups(w.platform()), w.who(), wanted));
            },
            has_green};
}

}  // namespace

std::map<std::string, scenario> database_scenarios() {
    return {{"service-create", create_scenario()},
            {"service-start", {stop_attached, orders("start"), is("up")}},
            {"service-stop", {attach_service, orders("stop"), is("stopped")}},
            {"service-restart", {attach_service, orders("restart"), is("up")}},
            {"service-destroy", destroy_scenario()},
            {"service-clone", clone_scenario()},
            {"restore", restore_scenario()},
            {"attach", attach_scenario()},
            {"detach", detach_scenario()},
            {"rotate", rotate_scenario()},
            {"promote", promote_scenario()}};
}

}  // namespace gasper::test
