// Runs shell commands for tests that drive the real git and ssh, in a directory that goes away with the object.
#pragma once

#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace gasper::receiver {

struct ran {
    int status{0};
    std::string output;  // both streams
    bool says(const std::string& text) const { return output.find(text) != std::string::npos; }
};

class shell {
 public:
    shell() {
        char name[] = "/tmp/gasper-receiver-XXXXXX";
        directory_ = ::mkdtemp(name);
        std::ofstream(directory_ / "gitconfig") << "[user]\nname = Test\nemail = test@example.com\n[init]\n"
                                                   "defaultBranch = main\n[advice]\npushUpdateRejected = false\n";
    }
    ~shell() { std::filesystem::remove_all(directory_); }
    shell(const shell&) = delete;
    shell& operator=(const shell&) = delete;

    const std::filesystem::path& directory() const { return directory_; }

    /// One script of /bin/bash, which starts in the directory and stops at the first failure; at most 60 s.
    ran run(const std::string& script) const {
        const auto file = directory_ / "script.sh";
        std::ofstream(file) << "set -e\n" << script << "\n";
        const auto command = "cd '" + directory_.string() + "' && GIT_CONFIG_GLOBAL='" + directory_.string() +
                             "/gitconfig' GIT_CONFIG_NOSYSTEM=1 LC_ALL=C timeout 60 bash '" + file.string() + "' 2>&1";
        ran done;
        FILE* pipe = ::popen(command.c_str(), "r");
        char buffer[4096];
        for (std::size_t n; (n = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;)
            done.output.append(buffer, n);
        const int raw = ::pclose(pipe);
        done.status = WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
        return done;
    }

 private:
    std::filesystem::path directory_;
};

}  // namespace gasper::receiver
