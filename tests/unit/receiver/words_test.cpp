#include "receiver/commands/words.hpp"

#include <gtest/gtest.h>

#include "receiver/git/git_command.hpp"
#include "receiver/listen_address.hpp"

namespace gasper::receiver {
namespace {

using words = std::vector<std::string>;

TEST(words_test, splits_as_a_shell_does) {
    EXPECT_EQ(*split_words("config:set  hello\tA=1 "), (words{"config:set", "hello", "A=1"}));
    EXPECT_EQ(*split_words("a 'b c' \"d e\" f\\ g"), (words{"a", "b c", "d e", "f g"}));
    EXPECT_EQ(*split_words("A='it'\\''s' B=\"a\\\"b\\n\""), (words{"A=it's", "B=a\"b\\n"}));
    EXPECT_EQ(*split_words("a '' \"\""), (words{"a", "", ""}));
    EXPECT_EQ(*split_words("$HOME `id` *"), (words{"$HOME", "`id`", "*"}));
    EXPECT_EQ(*split_words("   "), words{});
}

TEST(words_test, refuses_what_is_open) {
    for (const char* bad : {"'a", "\"a", "a\\", "\"a\\"})
        EXPECT_FALSE(split_words(bad)) << bad;
    EXPECT_FALSE(split_words(std::string("a\0b", 3)));
    std::string many;
    for (int i = 0; i < 2000; ++i)
        many += "x ";
    EXPECT_FALSE(split_words(many));
}

TEST(git_command_test, takes_what_git_sends) {
    using service = git_command::service;
    EXPECT_EQ(*parse_git_command("git-receive-pack '/hello.git'"), (git_command{service::receive_pack, "hello"}));
    EXPECT_EQ(*parse_git_command("git-upload-pack 'hello.git'"), (git_command{service::upload_pack, "hello"}));
    EXPECT_EQ(*parse_git_command("git receive-pack '/hello'"), (git_command{service::receive_pack, "hello"}));
    EXPECT_EQ(*parse_git_command("git-upload-pack '/my-app-2.git/'"), (git_command{service::upload_pack, "my-app-2"}));
}

TEST(git_command_test, refuses_everything_else) {
    for (const char* bad :
         {"", "ls", "git-upload-archive '/hello.git'", "git-receive-pack", "git-receive-pack '/hello.git' x",
          "git-receive-pack '/../hello.git'", "git-receive-pack '/a/b.git'", "git-receive-pack '/.git'",
          "git-receive-pack '//hello.git'", "git-receive-pack '/Hello.git'", "git-receive-pack '~/hello.git'",
          "git-receive-pack '/hello.git'; id", "git-receive-pack 'a b.git'"})
        EXPECT_FALSE(parse_git_command(bad)) << bad;
}

TEST(listen_address_test, reads_every_form) {
    EXPECT_EQ(*parse_listen_address(":2222"), (listen_address{"", 2222, true}));
    EXPECT_EQ(*parse_listen_address("127.0.0.1:0"), (listen_address{"127.0.0.1", 0, false}));
    EXPECT_EQ(*parse_listen_address("[::1]:22"), (listen_address{"::1", 22, false}));
    for (const char* bad : {"", "2222", "a:", ":99999", "::1:22", "[]:1", ":1x"})
        EXPECT_FALSE(parse_listen_address(bad)) << bad;
}

}  // namespace
}  // namespace gasper::receiver
