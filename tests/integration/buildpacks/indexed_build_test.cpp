#include <gmock/gmock.h>

#include <cstdio>
#include <sstream>

#include "tests/integration/buildpacks/build_fixture.hpp"

namespace gasper::buildpacks {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

/// Builds whose packages come from the tests' own index, on the builds' network.
class indexed_build_test : public build_fixture {
 protected:
    void SetUp() override {
        build_fixture::SetUp();
        std::istringstream lines(script("serve"));
        for (std::string line; std::getline(lines, line);) {
            const auto equals = line.find('=');
            if (equals != std::string::npos) index_[line.substr(0, equals)] = line.substr(equals + 1);
        }
        ASSERT_TRUE(index_.contains("PIP_INDEX_URL")) << "tests/support/indexes/serve failed";
    }

    void TearDown() override {
        script("serve --stop");
        build_fixture::TearDown();
    }

    std::string script(const std::string& command) {
        const auto whole = std::string(GASPER_SOURCE_DIR) + "/tests/support/indexes/" + command + " gasper-" +
                           engine_->id() + ".builds";
        auto* pipe = ::popen(whole.c_str(), "r");
        std::string out(8192, '\0');
        out.resize(::fread(out.data(), 1, out.size(), pipe));
        ::pclose(pipe);
        return out;
    }

    /// Builds the sample, then once more with another commit of the same lock files.
    std::pair<outcome, outcome> builds_and_answers(const std::string& name) {
        auto first = build(sample(name), index_);
        EXPECT_TRUE(first.made) << first.output;
        if (!first.made) return {first, first};
        EXPECT_THAT(answer(*first.made), StartsWith("Hello from")) << first.output;
        auto second = build(sample(name, {{"more.txt", "x"}}), index_);
        EXPECT_TRUE(second.made) << second.output;
        if (second.made) {
            EXPECT_THAT(answer(*second.made), StartsWith("Hello from")) << second.output;
        }
        std::printf("%s: built in %ld ms, again in %ld ms\n%s", name.c_str(), static_cast<long>(first.took.count()),
                    static_cast<long>(second.took.count()), first.output.c_str());
        return {first, second};
    }

    config_vars index_;
};

TEST_F(indexed_build_test, python_installs_once_per_requirements) {
    const auto [first, second] = builds_and_answers("python-deps");
    EXPECT_THAT(first.output, HasSubstr("Installing dependencies"));
    EXPECT_THAT(second.output, HasSubstr("Dependencies are unchanged: reusing them"));
    EXPECT_THAT(second.output, Not(HasSubstr("Installing dependencies")));
}

TEST_F(indexed_build_test, ruby_installs_once_per_lock_file) {
    const auto [first, second] = builds_and_answers("ruby-deps");
    EXPECT_THAT(first.output, HasSubstr("Installing dependencies"));
    EXPECT_THAT(second.output, HasSubstr("Dependencies are unchanged: reusing them"));
}

TEST_F(indexed_build_test, php_installs_once_per_lock_file) {
    const auto [first, second] = builds_and_answers("php-deps");
    EXPECT_THAT(first.output, HasSubstr("Installing dependencies"));
    EXPECT_THAT(second.output, HasSubstr("Dependencies are unchanged: reusing them"));
}

TEST_F(indexed_build_test, go_fetches_modules_and_keeps_what_it_compiled) {
    const auto [first, second] = builds_and_answers("go-deps");
    EXPECT_THAT(first.output, HasSubstr("-----> Building bin/go-deps"));
}

TEST_F(indexed_build_test, a_package_that_is_not_there_fails_the_build_and_says_so) {
    auto made = build(sample("python-deps", {{"requirements.txt", "no-such-package-of-ours==1.0\n"}}), index_);
    ASSERT_FALSE(made.made);
    EXPECT_EQ(made.made.error().code, "build_failed");
    EXPECT_THAT(made.output, HasSubstr("no-such-package-of-ours"));
}

}  // namespace
}  // namespace gasper::buildpacks
