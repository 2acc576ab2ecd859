// Where a pack waits until it is known to be whole: an object directory of its own below the repository's, with the
// repository as its alternate, as git's own receive-pack does. Nothing in the repository refers to it; it goes
// away with this object unless migrate() moved its objects in. Its functions block on files: blocking pool.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "core/base/error.hpp"

namespace gasper::receiver {

class quarantine {
 public:
    static result<std::unique_ptr<quarantine>> make(const std::filesystem::path& repository);
    quarantine(const quarantine&) = delete;
    quarantine& operator=(const quarantine&) = delete;
    ~quarantine();

    /// For git processes that write into the quarantine and read through it.
    std::map<std::string, std::string> environment() const;
    /// Renames the packs into the repository, each pack before its index, and syncs the directory.
    result<> migrate();

    /// Removes what processes that are gone left behind. `starting`: no push of this process can be under way.
    static void sweep(const std::filesystem::path& repository, bool starting);

 private:
    quarantine(std::filesystem::path repository, std::filesystem::path directory)
        : repository_(std::move(repository)), directory_(std::move(directory)) {}

    std::filesystem::path repository_;
    std::filesystem::path directory_;
};

}  // namespace gasper::receiver
