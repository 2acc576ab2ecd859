// A bare repository in a directory of its own, filled by the real git (fast-import), removed at the end.
#pragma once

#include <stdlib.h>

#include <cstdio>
#include <filesystem>
#include <map>
#include <stdexcept>
#include <string>

namespace gasper::testing {

class scratch_repository {
 public:
    scratch_repository() {
        std::string name = std::filesystem::temp_directory_path() / "gasper-repository-XXXXXX";
        if (!::mkdtemp(name.data())) throw std::runtime_error("mkdtemp");
        directory_ = name;
        output("git init -q --bare '" + bare().string() + "'");
    }
    ~scratch_repository() {
        std::error_code ignored;
        std::filesystem::remove_all(directory_, ignored);
    }
    scratch_repository(const scratch_repository&) = delete;
    scratch_repository& operator=(const scratch_repository&) = delete;

    std::filesystem::path directory() const { return directory_; }
    std::filesystem::path bare() const { return directory_ / "app.git"; }

    /// Path → content. A path may begin with a mode: "100755 bin/run", "120000 link". "160000 sub" is a submodule.
    std::string commit(const std::map<std::string, std::string>& files) {
        std::string stream = "commit refs/heads/main\ncommitter t <t@t> 1700000000 +0000\ndata 1\nx\ndeleteall\n";
        for (const auto& [key, content] : files) {
            const bool has_mode = key.size() > 7 && key[6] == ' ' && key.find_first_not_of("01234567") == 6;
            const auto mode = has_mode ? key.substr(0, 6) : std::string("100644");
            const auto path = has_mode ? key.substr(7) : key;
            if (mode == "160000") {
                stream += "M 160000 1234567812345678123456781234567812345678 " + path + "\n";
                continue;
            }
            stream += "M " + mode + " inline \"" + path + "\"\ndata " + std::to_string(content.size()) + "\n" +
                      content + "\n";
        }
        feed("git -C '" + bare().string() + "' fast-import --quiet --force", stream + "done\n");
        auto id = output("git -C '" + bare().string() + "' rev-parse main");
        return id.substr(0, 40);
    }

 private:
    static void feed(const std::string& command, const std::string& input) {
        auto* pipe = ::popen(command.c_str(), "w");
        if (!pipe) throw std::runtime_error(command);
        ::fwrite(input.data(), 1, input.size(), pipe);
        if (::pclose(pipe) != 0) throw std::runtime_error("failed: " + command);
    }

    static std::string output(const std::string& command) {
        auto* pipe = ::popen(command.c_str(), "r");
        if (!pipe) throw std::runtime_error(command);
        std::string out(4096, '\0');
        out.resize(::fread(out.data(), 1, out.size(), pipe));
        if (::pclose(pipe) != 0) throw std::runtime_error("failed: " + command);
        return out;
    }

    std::filesystem::path directory_;
};

}  // namespace gasper::testing
