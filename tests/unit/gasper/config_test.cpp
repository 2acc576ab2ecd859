#include "gasper/config.hpp"

#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "gasper/config_settings.hpp"

namespace gasper {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using namespace std::chrono_literals;

class config_test : public testing::Test {
 protected:
    void SetUp() override {
        std::string pattern = (std::filesystem::temp_directory_path() / "gasper-config-XXXXXX").string();
        ASSERT_NE(mkdtemp(pattern.data()), nullptr);
        from_.directory = pattern;
    }
    void TearDown() override { std::filesystem::remove_all(from_.directory); }

    loaded_configuration load(const std::string& file, std::map<std::string, std::string> environment = {},
                              std::vector<std::string> arguments = {}) {
        std::ofstream(from_.directory / "gasper.yml") << file;
        from_.environment = std::move(environment);
        from_.arguments = std::move(arguments);
        return load_configuration(from_);
    }

    configuration_sources from_;
};

TEST_F(config_test, has_the_documented_defaults_without_any_source) {
    auto loaded = load_configuration(from_);
    EXPECT_THAT(loaded.errors, IsEmpty());
    const auto& c = loaded.value;
    EXPECT_EQ(c.data, from_.directory / "var");
    EXPECT_EQ(c.domain, "localhost");
    EXPECT_EQ(c.public_host, "localhost");
    EXPECT_EQ(c.receiver.ssh.port, 2222);
    EXPECT_EQ(to_string(c.router.http), "0.0.0.0:8080");
    EXPECT_EQ(c.router.https.port, 8443);
    EXPECT_EQ(to_string(c.web.api), "127.0.0.1:8000");
    EXPECT_EQ(to_string(c.web.metrics), "127.0.0.1:9100");
    EXPECT_EQ(c.dns.listen.port, 5300);
    EXPECT_EQ(c.runtime.engine_socket, "/var/run/docker.sock");
    EXPECT_EQ(c.instances.start_deadline, 60s);
    limits usual;
    usual.disk_bytes = 2ll << 30;
    EXPECT_EQ(c.instances.limit, usual);
    EXPECT_EQ(c.disk_full, 90);
    EXPECT_EQ(c.sleep.sandboxes, 50);
    EXPECT_TRUE(c.router.access_log);
}

TEST_F(config_test, a_flag_overrides_the_environment_which_overrides_the_file) {
    auto loaded = load("http_port: 81\nhttps_port: 82\nssh_port: 83\n",
                       {{"GASPER_HTTPS_PORT", "92"}, {"GASPER_SSH_PORT", "93"}}, {"--ssh-port", "103"});
    EXPECT_THAT(loaded.errors, IsEmpty());
    EXPECT_EQ(loaded.value.router.http.port, 81);
    EXPECT_EQ(loaded.value.router.https.port, 92);
    EXPECT_EQ(loaded.value.receiver.ssh.port, 103);
}

TEST_F(config_test, an_unknown_key_is_named_with_its_line_and_the_nearest_one) {
    auto loaded = load("domain: a.test\n\nhtp_port: 80\n");
    EXPECT_THAT(loaded.errors, ElementsAre("gasper.yml:3: unknown key 'htp_port', did you mean 'http_port'?"));
}

TEST_F(config_test, reports_every_error_not_only_the_first) {
    auto loaded = load("http_port: eighty\nstart_deadline: 60\nnonsense: 1\n", {{"GASPER_INSTANCE_CPUS", "-1"}});
    EXPECT_THAT(loaded.errors,
                ElementsAre("gasper.yml:1: http_port: 'eighty' is not a port between 1 and 65535",
                            "gasper.yml:2: start_deadline: '60' is not a duration with its unit, 1ms to 24h, such as "
                            "'60s' or '5m'",
                            "gasper.yml:3: unknown key 'nonsense'",
                            "GASPER_INSTANCE_CPUS: instance_cpus: '-1' is not a number of CPUs between 0.01 and 1024, "
                            "such as '0.5'"));
}

TEST_F(config_test, names_the_line_of_broken_yaml) {
    EXPECT_THAT(load("domain: a.test\nhttp_port: [80\n").errors, ElementsAre(HasSubstr("gasper.yml:3: not YAML")));
    EXPECT_THAT(load("- a\n").errors, ElementsAre(HasSubstr("gasper.yml:1: expected 'key: value' lines")));
}

TEST_F(config_test, refuses_a_key_that_is_there_twice) {
    EXPECT_THAT(load("domain: a.test\ndomain: b.test\n").errors, ElementsAre("gasper.yml:2: 'domain' is there twice"));
}

TEST_F(config_test, an_empty_file_is_no_error) {
    EXPECT_THAT(load("# nothing\n").errors, IsEmpty());
}

TEST_F(config_test, a_named_file_must_exist) {
    EXPECT_THAT(load("", {}, {"--config", "other.yml"}).errors, ElementsAre("other.yml: cannot be read"));
    EXPECT_THAT(load("", {{"GASPER_CONFIG", "third.yml"}}).errors, ElementsAre("third.yml: cannot be read"));
}

TEST_F(config_test, stack_images_come_from_the_file_or_a_flag) {
    auto loaded = load("stacks:\n  suite: trixie\n  images:\n    python: a/python:3.12\n    go-build: a/go:1\n");
    EXPECT_THAT(loaded.errors, IsEmpty());
    EXPECT_EQ(loaded.value.stacks.suite, "trixie");
    EXPECT_EQ(loaded.value.stacks.images.at("python"), "a/python:3.12");
    EXPECT_EQ(loaded.value.stacks.images.at("go-build"), "a/go:1");
    loaded = load("", {}, {"--stacks-images=ruby=b/ruby:3"});
    EXPECT_EQ(loaded.value.stacks.images.at("ruby"), "b/ruby:3");
    EXPECT_THAT(load("stacks:\n  images:\n    cobol: x\n").errors, ElementsAre(HasSubstr("'cobol' is not a stack")));
}

TEST_F(config_test, two_listeners_on_one_port_are_refused_with_their_origins) {
    auto loaded = load("http_port: 9100\n", {}, {"--ssh-port=5300"});
    EXPECT_THAT(loaded.errors, ElementsAre("ssh_port (--ssh-port) and dns_port (default) are both 5300",
                                           "http_port (gasper.yml:1) and metrics_port (default) are both 9100"));
}

TEST_F(config_test, an_unknown_flag_is_an_error_unless_the_rest_is_kept) {
    EXPECT_THAT(load("", {}, {"--htp-port=1"}).errors,
                ElementsAre("unknown argument '--htp-port', did you mean '--http-port'?"));
    from_.keep_rest = true;
    auto loaded = load("", {}, {"create-admin", "--name", "ada", "--data=/srv/gasper"});
    EXPECT_THAT(loaded.errors, IsEmpty());
    EXPECT_THAT(loaded.rest, ElementsAre("create-admin", "--name", "ada"));
    EXPECT_EQ(loaded.value.data, "/srv/gasper");
}

TEST_F(config_test, the_program_and_its_role_are_no_arguments) {
    std::string words[]{"gasper", "serve", "--http-port=81"};
    char* argv[]{words[0].data(), words[1].data(), words[2].data(), nullptr};
    EXPECT_THAT(configuration_sources::from_process(3, argv).arguments, ElementsAre("--http-port=81"));
    EXPECT_THAT(configuration_sources::from_process(1, argv).arguments, IsEmpty());
}

TEST_F(config_test, a_flag_without_its_value_is_refused) {
    EXPECT_THAT(load("", {}, {"--http-port"}).errors, ElementsAre("--http-port: a value must follow"));
}

TEST_F(config_test, a_misspelt_environment_name_is_a_warning) {
    auto loaded = load("", {{"GASPER_HTP_PORT", "1"}, {"GASPER_ADMIN_PASSWORD", "not ours"}});
    EXPECT_THAT(loaded.errors, IsEmpty());
    EXPECT_THAT(loaded.warnings, ElementsAre("GASPER_HTP_PORT: no such setting, did you mean 'GASPER_HTTP_PORT'?"));
}

TEST_F(config_test, uses_the_engine_in_the_data_directory_when_there_is_one) {
    std::filesystem::create_directories(from_.directory / "var/engine");
    std::ofstream(from_.directory / "var/engine/docker.sock");
    EXPECT_EQ(load("").value.runtime.engine_socket, from_.directory / "var/engine/docker.sock");
    EXPECT_EQ(load("engine: unix:///run/other.sock\n").value.runtime.engine_socket, "/run/other.sock");
}

TEST_F(config_test, a_value_that_is_no_value_of_its_type_is_refused) {
    const std::pair<const char*, const char*> bad[]{{"domain", "apps_example"},
                                                    {"domain", "a..b"},
                                                    {"domain", "\"a.\""},
                                                    {"ssh_address", "localhost"},
                                                    {"ssh_port", "0"},
                                                    {"ssh_port", "65536"},
                                                    {"ssh_port", "80x"},
                                                    {"drain_time", "25h"},
                                                    {"drain_time", "0s"},
                                                    {"build_memory", "1KiB"},
                                                    {"build_memory", "9999999999999GiB"},
                                                    {"instance_processes", "1.5"},
                                                    {"instance_cpus", "nan"},
                                                    {"access_log", "1"},
                                                    {"log_level", "loud"},
                                                    {"disk_full", "100"},
                                                    {"disk_full", "9%x"},
                                                    {"smtp_url", "http://mx.test"},
                                                    {"smtp_from", "gasper"},
                                                    {"log_size", "1MiB"},
                                                    {"log_age", "30m"},
                                                    {"log_age", "9999d"},
                                                    {"log_rate", "100"},
                                                    {"engine", "tcp://127.0.0.1"},
                                                    {"subnet_pool", "10.0.0.1/8"},
                                                    {"subnet_pool", "10.0.0.0/30"},
                                                    {"public_addresses", "a"},
                                                    {"public_addresses", "[]"},
                                                    {"stacks", "3"},
                                                    {"data", ""}};
    for (auto [name, value] : bad) {
        EXPECT_THAT(load(std::string(name) + ": " + value + "\n").errors, ElementsAre(HasSubstr("gasper.yml:1: ")))
            << name << value;
    }
}

TEST_F(config_test, no_sleeping_app_has_to_keep_its_network) {
    EXPECT_EQ(load("sleep:\n  sandboxes: 0\n").value.sleep.sandboxes, 0);
    EXPECT_EQ(load("", {{"GASPER_SLEEP_SANDBOXES", "7"}}).value.sleep.sandboxes, 7);
    for (const std::string wrong : {"-1", "10001", "many", "1.5"})
        EXPECT_THAT(load("sleep:\n  sandboxes: " + wrong + "\n").errors,
                    ElementsAre(HasSubstr("a whole number between 0 and 10000")))
            << wrong;
}

TEST_F(config_test, the_help_is_a_file_that_changes_nothing_and_names_every_setting) {
    auto help = help_configuration();
    EXPECT_THAT(load(help).errors, IsEmpty());
    std::string with_defaults;
    std::istringstream lines(help);
    for (std::string line; std::getline(lines, line);) {
        bool comment = !line.starts_with("#") || (line.starts_with("# ") && !line.starts_with("#  "));
        bool has_default = line.find(":  ") == std::string::npos;
        if (!comment && has_default) with_defaults += line.substr(1) + "\n";
    }
    auto loaded = load(with_defaults);
    EXPECT_THAT(loaded.errors, IsEmpty()) << with_defaults;
    EXPECT_EQ(loaded.value.stacks.suite, "bookworm");
    for (const auto& s : all_settings()) {
        auto key = std::string(s.name.substr(s.name.rfind('.') + 1)) + ": ";
        EXPECT_THAT(help, HasSubstr(key)) << s.name;
        EXPECT_EQ(with_defaults.find(key) != std::string::npos, !s.fallback.empty()) << s.name;
    }
}

}  // namespace
}  // namespace gasper
