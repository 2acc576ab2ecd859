#include "receiver/commands/command.hpp"

#include <gtest/gtest.h>

#include <set>

#include "receiver/commands/handlers.hpp"

namespace gasper::receiver {
namespace {

using words = std::vector<std::string>;

class command_test : public testing::Test {
 protected:
    std::string parse(const char* name, words from) {
        auto parsed = parse_arguments(*find_command(name), std::move(from));
        if (!parsed) return parsed.error().message;
        call_ = std::move(*parsed);
        return "";
    }

    command_arguments call_;
};

TEST_F(command_test, takes_the_app_first_or_by_option) {
    for (const auto& line : {words{"hello", "A=1", "B=2"}, words{"-a", "hello", "A=1", "B=2"},
                             words{"A=1", "--app", "hello", "B=2"}, words{"--app=hello", "A=1", "B=2"}}) {
        EXPECT_EQ(parse("config:set", line), "");
        EXPECT_EQ(call_.app, "hello");
        EXPECT_EQ(call_.arguments, (words{"A=1", "B=2"}));
    }
}

TEST_F(command_test, reads_options_wherever_they_stand) {
    EXPECT_EQ(parse("logs", {"-t", "hello", "--num", "5", "--ps=web.1", "--json"}), "");
    EXPECT_TRUE(call_.has("tail") && call_.json);
    EXPECT_EQ(call_.options["num"], "5");
    EXPECT_EQ(call_.options["ps"], "web.1");
    EXPECT_EQ(parse("config:set", {"hello", "--", "-A=1"}), "");
    EXPECT_EQ(call_.arguments, words{"-A=1"});
}

TEST_F(command_test, leaves_the_options_of_a_command_that_is_run_alone) {
    EXPECT_EQ(parse("run", {"hello", "ls", "-la", "--json", "--", "-d"}), "");
    EXPECT_EQ(call_.app, "hello");
    EXPECT_EQ(call_.arguments, (words{"ls", "-la", "--json", "--", "-d"}));
    EXPECT_FALSE(call_.has("detached") || call_.json);
    EXPECT_EQ(parse("run", {"-d", "-a", "hello", "rake", "-T"}), "");
    EXPECT_EQ(call_.arguments, (words{"rake", "-T"}));
    EXPECT_TRUE(call_.has("detached"));
    EXPECT_EQ(parse("run", {"hello"}).substr(0, 21), "Something is missing.");
}

TEST_F(command_test, quotes_words_for_the_containers_shell_again) {
    EXPECT_EQ(shell_command({"echo $HOME; ls"}), "echo $HOME; ls");
    EXPECT_EQ(shell_command({"ls", "*.py", "a b", ""}), "ls *.py 'a b' ''");
    EXPECT_EQ(shell_command({"sh", "-c", "echo 'it'"}), R"(sh -c 'echo '\''it'\''')");
}

TEST_F(command_test, says_what_is_wrong_and_how_it_is_used) {
    EXPECT_EQ(parse("logs", {}).substr(0, 53), "Which app?\nUsage: logs APP [-t] [-n NUMBER] [--ps web");
    EXPECT_EQ(parse("logs", {"hello", "--grep", "x y", "--since=10m", "--source", "router"}), "");
    EXPECT_EQ(parse("logs", {"hello", "-x"}).substr(0, 18), "Unknown option -x.");
    EXPECT_EQ(parse("logs", {"hello", "-n"}).substr(0, 17), "-n needs a value.");
    EXPECT_EQ(parse("logs", {"hello", "--tail=1"}).substr(0, 22), "--tail takes no value.");
    EXPECT_EQ(parse("config:get", {"hello"}).substr(0, 21), "Something is missing.");
    EXPECT_EQ(parse("ps", {"hello", "more"}).substr(0, 25), "Unexpected argument more.");
}

TEST_F(command_test, has_one_entry_per_name) {
    std::set<std::string_view> names;
    for (const auto& c : command_table()) {
        EXPECT_TRUE(names.insert(c.name).second) << c.name;
        EXPECT_TRUE(c.run && !c.help.empty()) << c.name;
        EXPECT_EQ(c.takes_app, c.usage.starts_with("APP")) << c.name;
    }
    EXPECT_EQ(find_command("apps"), find_command("apps:list"));
    EXPECT_EQ(find_command("nothing"), nullptr);
}

TEST_F(command_test, knows_when_a_key_is_still_to_come) {
    EXPECT_TRUE(reads_input({"keys:add"}));
    EXPECT_TRUE(reads_input({"keys:add", "laptop"}));
    EXPECT_FALSE(reads_input({"keys:add", "laptop", "ssh-ed25519", "AAAA"}));
    EXPECT_FALSE(reads_input({"keys:add", "ssh-ed25519 AAAA"}));
    EXPECT_FALSE(reads_input({"keys:add", "broken", "no-key"}));
    EXPECT_FALSE(reads_input({"apps"}));
}

}  // namespace
}  // namespace gasper::receiver
