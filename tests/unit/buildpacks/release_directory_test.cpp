#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "buildpacks/file_tree.hpp"
#include "buildpacks/layers.hpp"
#include "tests/support/scratch_repository.hpp"

namespace gasper::buildpacks {
namespace {

namespace fs = std::filesystem;

std::string content(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

void put(const fs::path& file, const std::string& text) {
    fs::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << text;
}

class release_directory_test : public ::testing::Test {
 protected:
    result<source_tree> open(const std::map<std::string, std::string>& files, source_tree::bounds limit = {}) {
        return source_tree::open(repository_.bare(), repository_.commit(files), limit);
    }
    result<> write(const source_tree& tree, std::int64_t most = 1 << 20) {
        return write_tree(tree, out_, most, owner_);
    }

    testing::scratch_repository repository_;
    fs::path out_ = repository_.directory() / "release";
    file_owner owner_{::getuid(), ::getgid()};
};

TEST_F(release_directory_test, holds_the_files_of_the_commit_with_their_modes) {
    const auto tree = open({{"a.txt", "one\n"}, {"100755 bin/run", "#!/bin/sh\n"}, {"lib/deep/b", ""}, {"lib/z", "z"}});
    ASSERT_TRUE(tree);
    ASSERT_TRUE(write(*tree));
    EXPECT_EQ(content(out_ / "a.txt"), "one\n");
    EXPECT_EQ(content(out_ / "lib/z"), "z");
    EXPECT_TRUE(fs::exists(out_ / "lib/deep/b"));
    EXPECT_EQ(fs::status(out_ / "bin/run").permissions(), fs::perms(0755));
    EXPECT_EQ(fs::status(out_ / "a.txt").permissions(), fs::perms(0644));
}

TEST_F(release_directory_test, belongs_to_the_user_that_apps_run_as) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can give files away";
    const auto tree = open({{"d/a", "x"}, {"120000 l", "d/a"}});
    ASSERT_TRUE(write_tree(*tree, out_, 100, file_owner{}));
    for (const auto* name : {"", "d", "d/a", "l"}) {
        struct stat s {};
        ASSERT_EQ(::lstat((out_ / name).c_str(), &s), 0);
        EXPECT_EQ(s.st_uid, 1000u) << name;
    }
}

TEST_F(release_directory_test, never_writes_through_a_link) {
    const auto tree = open({{"120000 out", "/etc"}, {"120000 up", "../../.."}, {"a", "x"}});
    ASSERT_TRUE(tree);
    ASSERT_TRUE(write(*tree));
    EXPECT_EQ(fs::read_symlink(out_ / "out"), "/etc");
    EXPECT_EQ(fs::read_symlink(out_ / "up"), "../../..");
}

TEST_F(release_directory_test, refuses_a_submodule_by_name) {
    const auto tree = open({{"a", "x"}, {"160000 vendor/lib", ""}});
    ASSERT_FALSE(tree);
    EXPECT_EQ(tree.error().code, "submodule");
    EXPECT_NE(tree.error().message.find("vendor/lib"), std::string::npos);
}

TEST_F(release_directory_test, refuses_more_than_its_bounds) {
    EXPECT_EQ(open({{"a", ""}, {"b", ""}, {"c", ""}}, {.files = 2}).error().code, "tree_too_large");
    EXPECT_EQ(open({{"a/b/c/d", ""}}, {.depth = 3}).error().code, "tree_invalid");
    const auto tree = open({{"a", std::string(600, 'x')}, {"b", std::string(600, 'y')}});
    EXPECT_EQ(write(*tree, 1000).error().code, "tree_too_large");
}

TEST_F(release_directory_test, refuses_a_commit_that_is_not_there) {
    const auto tree = source_tree::open(repository_.bare(), std::string(40, 'a'), {});
    ASSERT_FALSE(tree);
    EXPECT_EQ(tree.error().code, "commit_not_found");
    EXPECT_FALSE(source_tree::open(repository_.bare(), "main", {}));
}

class layers_test : public release_directory_test {
 protected:
    dependency_layer layer_{.key_material = "lock", .directories = {"deps", ".x/more"}, .env_prefixes = {"PIP_"}};
    layer_cache cache_{repository_.directory() / "cache", owner_};
};

TEST_F(layers_test, come_back_into_the_next_release) {
    put(out_ / "deps/a/b.txt", "B");
    put(out_ / ".x/more/c", "C");
    fs::create_symlink("a/b.txt", out_ / "deps/link");
    ASSERT_TRUE(cache_.save("k1", layer_, out_));
    const auto next = repository_.directory() / "next";
    put(next / "deps/stale", "gone");
    const auto found = cache_.restore("k1", layer_, next, copy_by::link);
    ASSERT_TRUE(found);
    EXPECT_TRUE(*found);
    EXPECT_EQ(content(next / "deps/a/b.txt"), "B");
    EXPECT_EQ(content(next / ".x/more/c"), "C");
    EXPECT_EQ(fs::read_symlink(next / "deps/link"), "a/b.txt");
    EXPECT_FALSE(fs::exists(next / "deps/stale"));
    EXPECT_FALSE(*cache_.restore("k2", layer_, next, copy_by::link));
}

TEST_F(layers_test, a_copy_can_be_written_to_without_changing_the_layer) {
    put(out_ / "deps/a", "first");
    ASSERT_TRUE(cache_.save("k", layer_, out_));
    const auto next = repository_.directory() / "next";
    fs::create_directories(next);
    ASSERT_TRUE(cache_.restore("k", layer_, next, copy_by::content));
    put(next / "deps/a", "changed");
    const auto third = repository_.directory() / "third";
    fs::create_directories(third);
    ASSERT_TRUE(cache_.restore("k", layer_, third, copy_by::link));
    EXPECT_EQ(content(third / "deps/a"), "first");
}

TEST_F(layers_test, do_not_follow_what_a_build_linked_elsewhere) {
    const auto secret = repository_.directory() / "secret";
    put(secret / "more/key", "K");
    put(out_ / "deps/ok", "");
    fs::create_symlink(secret, out_ / ".x");
    fs::create_symlink(secret / "more/key", out_ / "deps/key");
    ::mkfifo((out_ / "deps/pipe").c_str(), 0600);
    ASSERT_TRUE(cache_.save("k", layer_, out_));
    const auto kept = repository_.directory() / "cache/layers/k";
    EXPECT_FALSE(fs::exists(kept / ".x"));
    EXPECT_TRUE(fs::is_symlink(kept / "deps/key"));
    EXPECT_FALSE(fs::exists(kept / "deps/pipe"));
}

TEST_F(layers_test, keep_only_the_last_few) {
    put(out_ / "deps/a", "x");
    for (const auto* key : {"k1", "k2", "k3", "k4", "k5"})
        ASSERT_TRUE(cache_.save(key, layer_, out_));
    const fs::directory_iterator all(repository_.directory() / "cache/layers");
    EXPECT_EQ(std::distance(begin(all), end(all)), static_cast<std::ptrdiff_t>(layer_cache::kept));
    EXPECT_TRUE(fs::exists(repository_.directory() / "cache/layers/k5"));
}

TEST(layer_key_test, follows_what_the_layer_is_made_from_and_nothing_else) {
    compile_step step{.stack = "python", .script = "s", .env = {}, .layer = dependency_layer{"lock", {"d"}, {"PIP_"}}};
    const auto key = layer_key(step, "image:1", {{"PIP_INDEX_URL", "a"}, {"SECRET", "1"}});
    EXPECT_EQ(key, layer_key(step, "image:1", {{"PIP_INDEX_URL", "a"}, {"SECRET", "2"}}));
    EXPECT_NE(key, layer_key(step, "image:2", {{"PIP_INDEX_URL", "a"}}));
    EXPECT_NE(key, layer_key(step, "image:1", {{"PIP_INDEX_URL", "b"}}));
    step.layer->key_material = "other";
    EXPECT_NE(key, layer_key(step, "image:1", {{"PIP_INDEX_URL", "a"}}));
}

}  // namespace
}  // namespace gasper::buildpacks
