#include <gmock/gmock.h>

#include "tests/integration/buildpacks/build_fixture.hpp"

namespace gasper::buildpacks {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class build_test : public build_fixture {
 protected:
    /// Builds the sample, and again, and looks at what its instance says.
    void builds_and_answers(const std::string& name, const std::string& title) {
        auto first = build(sample(name));
        ASSERT_TRUE(first.made) << first.output;
        EXPECT_THAT(first.output, HasSubstr("-----> " + title + " app detected\n"));
        EXPECT_TRUE(first.made->processes.contains("web"));
        const auto text = answer(*first.made);
        EXPECT_THAT(text, StartsWith("Hello"));
        EXPECT_THAT(text, EndsWith("200"));
        auto second = build(sample(name, {{"more.txt", "x"}}));
        ASSERT_TRUE(second.made) << second.output;
        EXPECT_THAT(answer(*second.made), StartsWith("Hello"));
        RecordProperty("first_ms", static_cast<int>(first.took.count()));
        RecordProperty("second_ms", static_cast<int>(second.took.count()));
        std::printf("%s: built in %ld ms, again in %ld ms\n%s", name.c_str(), static_cast<long>(first.took.count()),
                    static_cast<long>(second.took.count()), second.output.c_str());
    }
};

TEST_F(build_test, static_site) {
    builds_and_answers("static", "Static site");
}
TEST_F(build_test, php) {
    builds_and_answers("php", "PHP");
}
TEST_F(build_test, python) {
    builds_and_answers("python", "Python");
}
TEST_F(build_test, node) {
    builds_and_answers("node", "Node.js");
}
TEST_F(build_test, ruby) {
    builds_and_answers("ruby", "Ruby");
}
TEST_F(build_test, go) {
    builds_and_answers("go", "Go");
}
TEST_F(build_test, node_with_dependencies) {
    builds_and_answers("node-deps", "Node.js");
}

TEST_F(build_test, static_site_that_npm_builds) {
    builds_and_answers("static-deps", "Static site");
    const auto made = build(sample("static-deps"));
    ASSERT_TRUE(made.made);
    EXPECT_THAT(answer(*made.made, "/about"), StartsWith("About"));
    EXPECT_THAT(answer(*made.made, "/nothing"), StartsWith("There is no such page"));
    EXPECT_THAT(answer(*made.made, "/package.json"), EndsWith("404"));
}

TEST_F(build_test, engines_node_is_followed) {
    auto made = build(
        {{"package.json",
          R"({"engines": {"node": "18.x"}, "scripts": {"start": "node -e \"require('http').createServer((q,r)=>r.end('Hello '+process.version)).listen(process.env.PORT)\""}})"}});
    ASSERT_TRUE(made.made) << made.output;
    EXPECT_THAT(answer(*made.made), StartsWith("Hello v18."));
}

TEST_F(build_test, a_failing_build_is_refused_and_leaves_nothing) {
    auto made = build(sample("go", {{"main.go", "package main\n\nfunc main() { undefined() }\n"}}));
    ASSERT_FALSE(made.made);
    EXPECT_EQ(made.made.error().code, "build_failed");
    EXPECT_THAT(made.output, HasSubstr("undefined: undefined"));
    EXPECT_THAT(made.output, HasSubstr(" !     "));
    EXPECT_TRUE(std::filesystem::is_empty(repository_.directory() / "releases"));
}

TEST_F(build_test, refuses_what_it_does_not_know_and_a_bad_procfile_before_any_image) {
    auto unknown = build({{"README.md", "x"}});
    EXPECT_EQ(unknown.made.error().code, "no_buildpack");
    auto procfile = build(sample("static", {{"Procfile", "web:\n"}}));
    EXPECT_EQ(procfile.made.error().code, "procfile_invalid");
    EXPECT_THAT(procfile.output, HasSubstr("Procfile line 1: web has no command"));
    EXPECT_THAT(procfile.output, Not(HasSubstr("detected")));
}

TEST_F(build_test, builds_run_without_privileges_and_never_show_a_secret) {
    auto files = sample("node");
    files["package.json"] =
        R"({"scripts": {"build": "id -u; echo token $MY_TOKEN; test ! -S /var/run/docker.sock", "start": "node server.js"}})";
    auto made = build(files, {{"MY_TOKEN", "very-secret-indeed"}});
    ASSERT_TRUE(made.made) << made.output;
    EXPECT_THAT(made.output, HasSubstr("\n       1000\n"));
    EXPECT_THAT(made.output, HasSubstr("token [MY_TOKEN]"));
    EXPECT_THAT(made.output, Not(HasSubstr("very-secret-indeed")));
}

}  // namespace
}  // namespace gasper::buildpacks
