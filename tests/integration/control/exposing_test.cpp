// Services that are reached from outside: what is refused, what is kept, and what a restart sets up again.
#include "control/services/exposing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/services/services.hpp"
#include "core/store/audit.hpp"
#include "core/store/exposures.hpp"
#include "core/store/services.hpp"
#include "tests/support/control_world.hpp"
#include "tests/support/tcp_peer.hpp"
#include "tests/support/temporary_directory.hpp"

namespace gasper {
namespace {

using test::is_heard;
using test::unused_port;
using ::testing::HasSubstr;
using ::testing::Not;

class exposing_test : public testing::Test {
 protected:
    static void SetUpTestSuite() { init_crypto(); }

    void SetUp() override {
        cluster.does_at_once = true;
        begin();
        for (const char* name : {"blue", "red"})
            world->store([&](SQLite::Database& db) {
                service s{.name = name, .kind = "redis", .version = "7", .plan = "small", .owner = world->who().id};
                s.id = store::add_service(db, s);
                s.made = true;
                store::update_service(db, s);
                return true;
            });
        runs("blue");
        runs("red");
    }

    void begin() {
        world.reset();
        world.emplace(dir.path(), cluster, [](control::options& o) { o.public_host = "db.example.org"; });
    }
    control::parts& shared() { return world->platform().shared(); }
    /// As supervision has it on its board.
    void runs(const std::string& name) {
        const auto container = name + "-server";
        cluster.containers[container] = {
            .container = container, .app = name, .process = "web", .state = instance_state::up};
        shared().service_servers.running[name] = {
            .name = name, .container = container, .address = "127.0.0.1", .state = instance_state::up};
    }
    result<control::exposure_view> expose(const std::string& name, std::int64_t at, const std::string& allowed,
                                          bool anyone = false) {
        control::new_exposure wanted;
        wanted.service = name;
        wanted.port = at;
        wanted.allowed = allowed;
        wanted.anyone = anyone;
        return world->settle(control::exposures(world->platform()).expose(world->who(), std::move(wanted)));
    }
    result<control::exposure_view> show(const std::string& name) {
        return world->settle(control::exposures(world->platform()).show(world->who(), name));
    }
    result<> unexpose(const std::string& name) {
        return world->settle(control::exposures(world->platform()).unexpose(world->who(), name));
    }
    std::vector<std::string> told() {
        std::vector<std::string> all;
        for (const auto& e : world->read([](SQLite::Database& db) { return store::audit_after(db, 0, 100); }))
            if (e.action.starts_with("service.")) all.push_back(e.action + " " + e.app + " " + e.detail);
        return all;
    }

    int failing() {
        int times = 0;
        for (const auto& e : world->read([](SQLite::Database& db) { return store::audit_after(db, 0, 100); }))
            if (e.action == "certificate.failing" && e.app == "service:blue") ++times;
        return times;
    }

    test::temporary_directory dir;
    test::scripted_cluster cluster;
    std::optional<test::control_world> world;
    const std::uint16_t port{unused_port()};
};

TEST_F(exposing_test, shows_the_url_once_and_opens_the_port) {
    const auto made = expose("blue", port, "192.0.2.0/24,2001:db8::/32");
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_THAT(made->url, HasSubstr("@db.example.org:" + std::to_string(port) + "/0"));
    EXPECT_THAT(made->url, HasSubstr("rediss://" + made->info.user + ":"));
    EXPECT_TRUE(is_heard(port));
    const auto later = show("blue");
    ASSERT_TRUE(later);
    EXPECT_TRUE(later->open);
    EXPECT_EQ(later->url, "");
    EXPECT_EQ(later->info.password, "");
    EXPECT_EQ(later->info.key, "");
    EXPECT_THAT(later->info.certificate, HasSubstr("BEGIN CERTIFICATE"));
    EXPECT_THAT(told(), testing::ElementsAre("service.exposed service:blue port " + std::to_string(port) +
                                             " for 192.0.2.0/24,2001:db8::/32, rw"));
    const auto users =
        world->read([&](SQLite::Database& db) { return store::users_of(db, world->box(), made->info.service); });
    EXPECT_EQ(cluster.executed.back(), (std::vector<std::string>{"gasper-service", "grant", made->info.user, "rw"}));
    ASSERT_EQ(users.size(), 1u) << "a restore gives it to the server anew, and nobody takes it for a lost one";
    EXPECT_EQ(users[0].user, made->info.user);
}

TEST_F(exposing_test, refuses_what_is_not_meant_or_cannot_be) {
    const auto code = [&](const result<control::exposure_view>& r) { return r ? std::string("none") : r.error().code; };
    EXPECT_EQ(code(expose("blue", port, "")), "allow_list");
    EXPECT_EQ(code(expose("blue", port, "0.0.0.0/0")), "allow_list");
    EXPECT_EQ(code(expose("blue", 80, "192.0.2.0/24")), "port");
    EXPECT_EQ(code(expose("blue", 65536, "192.0.2.0/24")), "port");
    EXPECT_EQ(code(expose("blue", 2222, "192.0.2.0/24")), "port_taken") << "Gasper's own, whoever has it now";
    EXPECT_EQ(code(expose("green", port, "192.0.2.0/24")), "service_not_found");
    shared().service_servers.running.erase("red");
    EXPECT_EQ(code(expose("red", port, "192.0.2.0/24")), "service_not_running");
    EXPECT_FALSE(is_heard(port));
    EXPECT_TRUE(told().empty());
    EXPECT_EQ(code(expose("blue", port, "0.0.0.0/0", true)), "none");
}

TEST_F(exposing_test, a_port_is_one_services_and_a_port_that_cannot_be_had_leaves_nothing) {
    ASSERT_TRUE(expose("blue", port, "192.0.2.0/24"));
    EXPECT_EQ(expose("red", port, "192.0.2.0/24").error().code, "port_taken");
    unique_fd taken(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in at{};
    at.sin_family = AF_INET;
    socklen_t size = sizeof at;
    ASSERT_EQ(::bind(taken.get(), reinterpret_cast<sockaddr*>(&at), size), 0);
    ASSERT_EQ(::listen(taken.get(), 1), 0);
    ASSERT_EQ(::getsockname(taken.get(), reinterpret_cast<sockaddr*>(&at), &size), 0);
    EXPECT_EQ(expose("red", ntohs(at.sin_port), "192.0.2.0/24").error().code, "port_taken");
    EXPECT_EQ(show("red").error().code, "service_not_exposed");
    EXPECT_TRUE(is_heard(port));
}

TEST_F(exposing_test, exposed_again_it_changes_port_and_networks_alone) {
    const auto first = expose("blue", port, "192.0.2.0/24");
    const auto other = unused_port();
    const auto second = expose("blue", other, "198.51.100.0/24");
    ASSERT_TRUE(second) << second.error().message;
    EXPECT_EQ(second->url, "");
    EXPECT_EQ(second->info.user, first->info.user);
    EXPECT_EQ(second->fingerprint, first->fingerprint);
    EXPECT_EQ(second->info.allowed, "198.51.100.0/24");
    EXPECT_FALSE(is_heard(port));
    EXPECT_TRUE(is_heard(other));
}

TEST_F(exposing_test, a_change_that_cannot_be_leaves_what_was) {
    const auto first = expose("blue", port, "192.0.2.0/24");
    ASSERT_TRUE(expose("red", unused_port(), "192.0.2.0/24"));
    const auto refused = expose("blue", show("red")->info.port, "192.0.2.0/24");
    EXPECT_EQ(refused.error().code, "port_taken");
    EXPECT_EQ(show("blue")->info.port, port);
    EXPECT_TRUE(is_heard(port));
}

TEST_F(exposing_test, unexposed_it_is_closed_and_exposed_anew_it_is_another) {
    const auto first = expose("blue", port, "192.0.2.0/24");
    ASSERT_TRUE(unexpose("blue"));
    EXPECT_FALSE(is_heard(port));
    EXPECT_EQ(cluster.executed.back(), (std::vector<std::string>{"gasper-service", "revoke", first->info.user}));
    EXPECT_EQ(show("blue").error().code, "service_not_exposed");
    EXPECT_EQ(unexpose("blue").error().kind, errc::not_found);
    const auto second = expose("blue", port, "192.0.2.0/24");
    ASSERT_TRUE(second);
    EXPECT_NE(second->info.user, first->info.user);
    EXPECT_NE(second->fingerprint, first->fingerprint);
    EXPECT_THAT(told().back(), HasSubstr("service.exposed"));
}

TEST_F(exposing_test, a_restart_sets_it_up_again_and_a_destroyed_service_has_no_door) {
    const auto first = expose("blue", port, "192.0.2.0/24");
    begin();
    EXPECT_FALSE(is_heard(port));
    shared().background.spawn("doors", control::keep_doors(shared()));
    ASSERT_TRUE(world->until([&] { return is_heard(port); }));
    EXPECT_EQ(show("blue")->fingerprint, first->fingerprint);
    world->store([&](SQLite::Database& db) { store::remove_service(db, first->info.service); });
    EXPECT_EQ(world->read([&](SQLite::Database& db) { return store::all_exposures(db, world->box()); }).size(), 0u);
}

TEST_F(exposing_test, a_certificate_that_ends_soon_is_told_once_over_restarts_and_renewed_it_is_another) {
    const auto first = expose("blue", port, "192.0.2.0/24");
    ASSERT_TRUE(first);
    auto made = runtime::make_door_certificate({"db.example.org"}, now() - std::chrono::hours(24 * 3642));
    ASSERT_TRUE(made);
    world->store([&](SQLite::Database& db) {
        auto e = first->info;
        e.certificate = made->certificate;
        e.key = made->key;
        store::set_certificate(db, world->box(), e);
    });
    for (int times = 0; times < 2; ++times) {
        begin();
        runs("blue");
        world->run(control::look_at_doors(shared()));
        world->run(control::look_at_doors(shared()));
        EXPECT_TRUE(is_heard(port));
        EXPECT_EQ(failing(), 1);
    }
    const auto before = show("blue");
    const auto renewed = world->settle(control::exposures(world->platform()).renew(world->who(), "blue"));
    ASSERT_TRUE(renewed) << renewed.error().message;
    EXPECT_NE(renewed->fingerprint, before->fingerprint);
    EXPECT_EQ(renewed->info.user, first->info.user);
    EXPECT_EQ(renewed->info.port, port);
    EXPECT_GT(*renewed->valid_until, now() + std::chrono::hours(24 * 3000));
    EXPECT_TRUE(is_heard(port));
    EXPECT_THAT(told().back(), HasSubstr("service.certificate_renewed service:blue " + renewed->fingerprint));
    world->run(control::look_at_doors(shared()));
    EXPECT_EQ(failing(), 1);
    EXPECT_EQ(show("blue")->fingerprint, renewed->fingerprint);
}

TEST_F(exposing_test, a_certificate_without_its_key_is_told_once) {
    const auto first = expose("blue", port, "192.0.2.0/24");
    ASSERT_TRUE(first);
    world->store([&](SQLite::Database& db) {
        auto e = first->info;
        e.key = runtime::make_door_certificate({"db.example.org"})->key;
        store::set_certificate(db, world->box(), e);
    });
    begin();
    for (int times = 0; times < 2; ++times)
        world->run(control::look_at_doors(shared()));
    EXPECT_FALSE(is_heard(port));
    EXPECT_EQ(failing(), 1);
}

TEST_F(exposing_test, secrets_stand_sealed_in_the_store) {
    const auto made = expose("blue", port, "192.0.2.0/24");
    const auto rows = world->read([](SQLite::Database& db) {
        SQLite::Statement s(db, "SELECT password, key, certificate FROM exposures");
        s.executeStep();
        std::string all;
        for (int at = 0; at < 3; ++at) {
            const auto c = s.getColumn(at);
            all.append(static_cast<const char*>(c.getBlob()), static_cast<std::size_t>(c.getBytes()));
        }
        return all;
    });
    const auto from = made->url.find(':', 9) + 1;
    EXPECT_THAT(rows, Not(HasSubstr(made->url.substr(from, made->url.find('@') - from))));
    EXPECT_THAT(rows, Not(HasSubstr("PRIVATE KEY")));
    EXPECT_THAT(rows, Not(HasSubstr("BEGIN CERTIFICATE")));
}

}  // namespace
}  // namespace gasper
