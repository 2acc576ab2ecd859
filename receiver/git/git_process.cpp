#include "receiver/git/git_process.hpp"

#include <cstdlib>

namespace gasper::receiver {

std::map<std::string, std::string> git_environment(const std::filesystem::path& repository) {
    const char* path = std::getenv("PATH");
    return {{"PATH", path ? path : "/usr/local/bin:/usr/bin:/bin"},
            {"HOME", "/nonexistent"},
            {"LC_ALL", "C"},
            {"GIT_CONFIG_NOSYSTEM", "1"},
            {"GIT_CONFIG_GLOBAL", "/dev/null"},
            {"GIT_TERMINAL_PROMPT", "0"},
            {"GIT_DIR", repository.string()}};
}

}  // namespace gasper::receiver
