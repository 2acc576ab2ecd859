// A commit's tree as packs look at it: the names are listed once, contents are read from the repository when asked
// for; nothing is checked out. Blocks: use it on a blocking pool, one thread at a time. Moves, does not copy.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"

namespace gasper::buildpacks {

class source_tree {
 public:
    enum class kind { directory, file, executable, link };

    struct entry {
        std::string path;   // "lib/app.rb"; its directory is an entry before it
        std::size_t depth;  // 0: at the root
        kind type;

        std::string_view name() const noexcept {
            const auto slash = path.rfind('/');
            return slash == std::string::npos ? std::string_view(path) : std::string_view(path).substr(slash + 1);
        }
    };

    struct bounds {
        int files{100'000};
        int depth{64};
    };

    /// Refuses: no such commit, more entries or levels than `limit`, a submodule, a name that no file can have.
    static result<source_tree> open(const std::filesystem::path& repository, const std::string& commit, bounds limit);
    source_tree(source_tree&&) noexcept;
    source_tree& operator=(source_tree&&) noexcept;
    ~source_tree();

    /// In order of depth first: a directory, then what is in it.
    const std::vector<entry>& entries() const noexcept { return entries_; }
    bool has_file(std::string_view path) const noexcept;
    bool has_directory(std::string_view path) const noexcept;
    /// The file's content. None: there is no such file, or it is larger than `limit`.
    std::optional<std::string> read(std::string_view path, std::size_t limit = 4 << 20) const;

    /// Bytes of the content of entries()[index], without reading it.
    std::uint64_t size_of(std::size_t index) const;
    /// Calls `use` with the content of entries()[index].
    void with_content(std::size_t index, const std::function<void(std::string_view)>& use) const;

 private:
    struct repository;
    source_tree();
    const std::size_t* find(std::string_view path) const noexcept;

    std::unique_ptr<repository> repository_;
    std::vector<entry> entries_;
};

}  // namespace gasper::buildpacks
