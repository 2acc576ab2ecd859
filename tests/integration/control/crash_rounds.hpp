// A job, ended at each of its moments: the world it begins in, and what must be true once a new process went on.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>

#include "tests/support/killer.hpp"
#include "tests/support/temporary_directory.hpp"

namespace gasper::test {

struct scenario {
    std::function<void(control_world&)> prepare;
    std::function<void(control_world&)> begin;
    std::function<bool(control_world&)> done;  // its effect is there
    bool needs_recovery{true};                 // false: `begin` does that
};

inline void nothing(control_world&) {}
app app_in(control_world& w);
release current_of(control_world& w);
bool described(control_world& w, const std::string& text);

/// Of jobs of databases, by kind.
std::map<std::string, scenario> database_scenarios();

class crash_rounds : public testing::TestWithParam<std::string> {
 protected:
    /// Every moment until one comes that the job does not live to see.
    void everywhere(const scenario& s);

 private:
    /// The engines, which outlive every process.
    struct outside {
        scripted_cluster cluster;
        service_engine databases;
    };
    static std::unique_ptr<control_world> world(const std::filesystem::path& data, outside& around);

    void prepare(const scenario& s);
    /// Begins it on a copy, and ends everything at the moment. False: it was over before.
    bool round(const scenario& s, moment when);
    static bool ends(const scenario& s, const std::filesystem::path& data, outside& around, moment when);
    static void look(const scenario& s, const std::filesystem::path& data, outside& around);

    test::temporary_directory first_;
    outside first_outside_;
};

}  // namespace gasper::test
