#include "runtime/stacks/recipe.hpp"

#include <gtest/gtest.h>

namespace gasper::runtime {
namespace {

TEST(recipe_test, every_language_has_a_run_image_and_every_parent_a_recipe) {
    for (const auto* name : {"static", "php", "python", "node", "go", "ruby", "php-build", "python-build", "node-build",
                             "go-build", "ruby-build"}) {
        const auto files = recipe(name);
        ASSERT_FALSE(files.empty()) << name;
        for (const auto& file : files) {
            if (file.path != "Dockerfile") continue;
            EXPECT_FALSE(parents_of(file.content).empty()) << name;
            for (const auto& parent : parents_of(file.content))
                EXPECT_FALSE(recipe(parent).empty()) << parent;
        }
    }
    ASSERT_EQ(recipe("base").size(), 1u);
    EXPECT_TRUE(recipe("unheard-of").empty());
}

TEST(recipe_test, every_image_ends_as_a_user_that_is_not_root) {
    for (const auto& file : recipe_files()) {
        if (!file.path.ends_with("/Dockerfile") || file.path.starts_with("node-tools/")) continue;
        EXPECT_TRUE(file.content.ends_with("USER app\n")) << file.path;
    }
}

TEST(recipe_test, reads_the_parents_out_of_a_dockerfile) {
    EXPECT_EQ(
        parents_of("FROM @base@\nCOPY --from=@node-tools@ /a /b\nCOPY --from=@node-tools@ /c /d\n# me@home, a @ b\n"),
        (std::vector<std::string>{"base", "node-tools"}));
    EXPECT_EQ(resolved("FROM @base@\n# x@y z @\n", [](const std::string& n) { return n + ":1"; }),
              "FROM base:1\n# x@y z @\n");
}

TEST(recipe_test, the_tag_follows_the_recipe_and_the_circumstances) {
    const auto tag = image_reference("python", "bookworm");
    EXPECT_TRUE(tag.starts_with("gasper/stack-python:")) << tag;
    EXPECT_EQ(tag, image_reference("python", "bookworm"));
    EXPECT_NE(tag, image_reference("python", "trixie"));
    EXPECT_NE(tag.substr(tag.find(':')), image_reference("ruby", "bookworm").substr(20));
}

TEST(recipe_test, the_context_is_a_tar_with_the_given_dockerfile) {
    const auto tar = build_context("static", "FROM x\n");
    EXPECT_EQ(tar.size() % 512, 0u);
    EXPECT_NE(tar.find("FROM x\n"), std::string::npos);
    EXPECT_NE(tar.find("gasper-static"), std::string::npos);
    EXPECT_EQ(tar.find("@base@"), std::string::npos);
}

}  // namespace
}  // namespace gasper::runtime
