// An app that runs and has the database "blue", on scripted servers: for what happens to a database that is used.
#pragma once

#include <gtest/gtest.h>

#include "control/services/services.hpp"
#include "tests/support/control_world.hpp"
#include "tests/support/temporary_directory.hpp"

namespace gasper {

class attached_database : public testing::Test {
 protected:
    static void SetUpTestSuite() { init_crypto(); }

    /// "hello" is routed to and has blue; `version` empty: the kind's default.
    void attach_blue(const std::string& kind, const std::string& version = {}) {
        world.deployed("hello");
        ASSERT_TRUE(world.settle(world.platform().recover()));
        ASSERT_TRUE(world.until([&] { return world.routed("hello").size() == 1; }));
        control::new_service blue;
        blue.kind = kind;
        blue.name = "blue";
        blue.version = version;
        expect_done(world.settle(databases().create(world.who(), blue)));
        expect_done(attach());
    }
    result<job_id> attach(const std::string& alias = {}) {
        control::new_attachment wanted;
        wanted.service = "blue";
        wanted.app = "hello";
        wanted.alias = alias;
        return world.settle(databases().attach(world.who(), wanted));
    }

    control::services databases() { return control::services(world.platform()); }
    void expect_done(result<job_id> begun) {
        ASSERT_TRUE(begun) << begun.error().message;
        ASSERT_EQ(world.finish(*begun), job_state::succeeded) << world.settle(world.jobs().info(*begun)).value().reason;
    }

    test::temporary_directory dir;
    test::scripted_cluster cluster;
    test::service_engine engine;
    test::control_world world{dir.path(), cluster, {}, &engine};
};

}  // namespace gasper
