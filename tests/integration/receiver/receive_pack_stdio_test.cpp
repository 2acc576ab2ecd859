// The real git pushes into our receive-pack over pipes.
#include <gtest/gtest.h>

#include "tests/integration/receiver/shell.hpp"

namespace gasper::receiver {
namespace {

class receive_pack_stdio_test : public testing::Test {
 protected:
    receive_pack_stdio_test() {
        const auto self = std::filesystem::read_symlink("/proc/self/exe").string();
        prologue_ = "receiver() { echo \"" + self +
                    " receive-pack\"; }\n"
                    "push() { git -C work push --receive-pack=\"$(receiver)\" ../repo.git \"$@\"; }\n"
                    "raw() { " +
                    self +
                    " receive-pack repo.git; }\n"
                    "change() { echo \"$1\" > work/file; git -C work add .; git -C work commit -qm \"$1\"; }\n"
                    "refs() { git -C repo.git for-each-ref --format='%(refname) %(objectname)'; }\n"
                    "leftovers() { find repo.git -name 'incoming-*' -o -name 'tmp_*' -o -name '*.lock'; }\n"
                    "zero=0000000000000000000000000000000000000000\n"
                    "pkt() { printf '%04x%s' $((${#1} + 4)) \"$1\"; }\n"
                    // One command with its capabilities behind a NUL, then a flush packet.
                    "command() { printf '%04x%s\\0%s' $((${#1} + ${#2} + 5)) \"$1\" \"$2\"; printf 0000; }\n";
        run("git init -q --bare repo.git; git init -q work; change one");
    }

    ran run(const std::string& script) { return shell_.run(prologue_ + script); }
    void unchanged(const std::string& refs) {
        EXPECT_EQ(run("refs").output, refs);
        EXPECT_EQ(run("leftovers").output, "");
        EXPECT_EQ(run("git -C repo.git fsck --full --connectivity-only").status, 0);
    }

    shell shell_;
    std::string prologue_;
};

TEST_F(receive_pack_stdio_test, takes_a_first_push_and_a_second_one) {
    auto first = run("push main");
    EXPECT_EQ(first.status, 0) << first.output;
    EXPECT_TRUE(first.says("[new branch]")) << first.output;
    auto second =
        run("change two; push main; [ \"$(git -C repo.git rev-parse main)\" = \"$(git -C work rev-parse main)\" ]");
    EXPECT_EQ(second.status, 0) << second.output;
    EXPECT_EQ(run("leftovers; git -C repo.git fsck --full --strict").status, 0);
    EXPECT_EQ(run("git clone -q repo.git again && cat again/file").output, "two\n");
}

TEST_F(receive_pack_stdio_test, says_everything_is_up_to_date) {
    run("push main");
    auto again = run("push main");
    EXPECT_EQ(again.status, 0);
    EXPECT_TRUE(again.says("Everything up-to-date")) << again.output;
}

TEST_F(receive_pack_stdio_test, takes_a_branch_whose_objects_are_all_there) {
    run("push main");
    auto branch = run("push main:refs/heads/same && find repo.git/objects/pack -name '*.pack' | wc -l");
    EXPECT_EQ(branch.status, 0) << branch.output;
    EXPECT_TRUE(branch.says("\n1\n")) << "an empty pack was kept: " << branch.output;
}

TEST_F(receive_pack_stdio_test, takes_and_deletes_branches_and_tags) {
    auto many = run("git -C work tag -a v1 -m v1; push main main:refs/heads/feature/x v1 && push :feature/x :v1");
    EXPECT_EQ(many.status, 0) << many.output;
    EXPECT_TRUE(many.says("[deleted]")) << many.output;
    EXPECT_EQ(run("refs | wc -l").output, "1\n");
}

TEST_F(receive_pack_stdio_test, refuses_to_delete_the_deployed_branch) {
    run("push main");
    const auto before = run("refs").output;
    auto refused = run("push :main");
    EXPECT_NE(refused.status, 0);
    EXPECT_TRUE(refused.says("! [remote rejected] main (deletion of the deployed branch prohibited)"))
        << refused.output;
    unchanged(before);
}

TEST_F(receive_pack_stdio_test, leaves_other_history_of_main_to_the_clients_force) {
    run("push main; git -C work commit -q --amend -m other");
    const auto before = run("refs").output;
    auto refused = run("push main");
    EXPECT_NE(refused.status, 0);
    unchanged(before);
    auto forced = run("push --force main");
    EXPECT_EQ(forced.status, 0) << forced.output;
    EXPECT_TRUE(forced.says("(forced update)")) << forced.output;
}

TEST_F(receive_pack_stdio_test, refuses_a_corrupt_pack) {
    auto refused =
        run("new=$(git -C work rev-parse main)\n"
            "git -C work pack-objects --all --stdout -q > pack < /dev/null\n"
            "printf '\\xff\\xff\\xff' | dd of=pack bs=1 seek=40 conv=notrunc status=none\n"
            "(command \"$zero $new refs/heads/main\" 'report-status'; cat pack) | raw | tr -d '\\0'");
    EXPECT_TRUE(refused.says("ng refs/heads/main unpacker error")) << refused.output;
    unchanged("");
}

TEST_F(receive_pack_stdio_test, refuses_a_truncated_pack) {
    auto refused =
        run("new=$(git -C work rev-parse main)\n"
            "git -C work pack-objects --all --stdout -q < /dev/null | head -c 60 > pack\n"
            "(command \"$zero $new refs/heads/main\" 'report-status'; cat pack) | raw | tr -d '\\0'");
    EXPECT_TRUE(refused.says("unpack early EOF")) << refused.output;
    EXPECT_TRUE(refused.says("ng refs/heads/main unpacker error")) << refused.output;
    unchanged("");
}

TEST_F(receive_pack_stdio_test, refuses_a_pack_with_a_missing_blob) {
    auto refused =
        run("new=$(git -C work rev-parse main)\n"
            "(echo $new; git -C work rev-parse main^{tree}) | git -C work pack-objects --stdout -q > pack\n"
            "(command \"$zero $new refs/heads/main\" 'report-status'; cat pack) | raw | tr -d '\\0'");
    EXPECT_FALSE(refused.says("unpack ok")) << refused.output;
    EXPECT_TRUE(refused.says("ng refs/heads/main unpacker error")) << refused.output;
    unchanged("");
}

TEST_F(receive_pack_stdio_test, refuses_a_ref_to_an_object_that_never_came) {
    auto refused =
        run("new=1111111111111111111111111111111111111111\n"
            "git -C work pack-objects --stdout -q < /dev/null > pack\n"
            "(command \"$zero $new refs/heads/main\" 'report-status'; cat pack) | raw | tr -d '\\0'");
    EXPECT_TRUE(refused.says("missing necessary objects")) << refused.output;
    unchanged("");
}

TEST_F(receive_pack_stdio_test, refuses_a_pack_over_the_limit) {
    auto refused =
        run("head -c 3000000 /dev/urandom > work/large; change large; export TEST_MAX_PACK_BYTES=1000000; push main");
    EXPECT_NE(refused.status, 0);
    EXPECT_TRUE(refused.says("exceeds maximum allowed size") || refused.says("is larger than")) << refused.output;
    unchanged("");
}

TEST_F(receive_pack_stdio_test, takes_a_commit_with_a_submodule) {
    auto taken =
        run("git -C work update-index --add --cacheinfo 160000,2222222222222222222222222222222222222222,vendor\n"
            "git -C work commit -qm submodule; push main");
    EXPECT_EQ(taken.status, 0) << taken.output;
}

TEST_F(receive_pack_stdio_test, refuses_all_of_an_atomic_push_when_one_ref_is_refused) {
    run("push main main:refs/heads/a");
    const auto before = run("refs").output;
    auto refused = run("change two; push --atomic main:refs/heads/b main:refs/heads/a/c");
    EXPECT_NE(refused.status, 0);
    EXPECT_TRUE(refused.says("'refs/heads/a' is in the way of this name")) << refused.output;
    EXPECT_TRUE(refused.says("the atomic push was refused")) << refused.output;
    EXPECT_EQ(run("refs").output, before);
    auto separately = run("push main:refs/heads/b main:refs/heads/a/c");
    EXPECT_NE(separately.status, 0);
    EXPECT_TRUE(run("refs").says("refs/heads/b")) << separately.output;
}

TEST_F(receive_pack_stdio_test, refuses_a_ref_that_moved_since_the_client_saw_it) {
    run("push main");
    const auto before = run("refs").output;
    auto refused =
        run("old=3333333333333333333333333333333333333333; change two; new=$(git -C work rev-parse main)\n"
            "git -C work pack-objects --all --stdout -q < /dev/null > pack\n"
            "(command \"$old $new refs/heads/main\" 'report-status'; cat pack) | raw | tr -d '\\0'");
    EXPECT_TRUE(refused.says("ng refs/heads/main the ref has moved since you fetched it")) << refused.output;
    EXPECT_EQ(run("refs").output, before);
}

TEST_F(receive_pack_stdio_test, lets_one_of_two_concurrent_pushes_win) {
    run("push main; git clone -q repo.git other; change two; cd other; echo x > y; git add .; git commit -qm x");
    auto both =
        run("push main > a 2>&1 & first=$!\n"
            "git -C other push --receive-pack=\"$(receiver)\" ../repo.git main > b 2>&1 & second=$!\n"
            "won=0; wait $first && won=$((won+1)); wait $second && won=$((won+1)); cat a b; echo won=$won");
    EXPECT_TRUE(both.says("won=1")) << both.output;
    EXPECT_EQ(run("leftovers; git -C repo.git fsck --full").status, 0);
}

TEST_F(receive_pack_stdio_test, refuses_sha256_shallow_and_odd_names) {
    auto sha256 =
        run("new=$(git -C work rev-parse main); command \"$zero $new refs/heads/main\" 'report-status "
            "object-format=sha256' | raw");
    EXPECT_TRUE(sha256.says("only SHA-1 repositories")) << sha256.output;
    EXPECT_NE(run("git init -q --object-format=sha256 s; cd s; git commit -q --allow-empty -m x\n"
                  "git push --receive-pack=\"$(receiver)\" ../repo.git main")
                  .status,
              0);
    auto shallow =
        run("change two; git clone -q --depth 1 file://$PWD/work shallow; cd shallow; echo z > z; git add .; git "
            "commit -qm z\n"
            "git push --receive-pack=\"$(receiver)\" ../repo.git main");
    EXPECT_NE(shallow.status, 0);
    EXPECT_TRUE(shallow.says("shallow clone is not supported")) << shallow.output;
    auto name =
        run("new=$(git -C work rev-parse main); git -C work pack-objects --all --stdout -q < /dev/null > pack\n"
            "(command \"$zero $new refs/heads/../../hooks/x\" 'report-status'; cat pack) | raw");
    EXPECT_TRUE(name.says("funny refname")) << name.output;
    unchanged("");
}

TEST_F(receive_pack_stdio_test, removes_what_a_killed_push_left) {
    run("sh -c 'echo $$' > pid; mkdir -p repo.git/objects/incoming-$(cat pid)-abcd/pack; push main");
    EXPECT_EQ(run("leftovers").output, "");
}

TEST_F(receive_pack_stdio_test, takes_thin_and_large_pushes) {
    auto large =
        run("for i in $(seq 300); do head -c 20000 /dev/urandom > work/f$i; done; change many; push main\n"
            "echo more >> work/f1; change thin; push main");
    EXPECT_EQ(large.status, 0) << large.output;
    EXPECT_EQ(run("git -C repo.git fsck --full --strict").status, 0);
}

}  // namespace
}  // namespace gasper::receiver
