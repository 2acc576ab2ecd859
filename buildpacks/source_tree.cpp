#include "buildpacks/source_tree.hpp"

#include <fmt/format.h>
#include <git2.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <unordered_map>

#include "core/base/git_library.hpp"
#include "core/base/handle.hpp"

namespace gasper::buildpacks {
namespace {

using odb_handle = handle<git_odb, git_odb_free>;
using object_handle = handle<git_odb_object, git_odb_object_free>;
using repository_handle = handle<git_repository, git_repository_free>;
using commit_handle = handle<git_commit, git_commit_free>;
using tree_handle = handle<git_tree, git_tree_free>;

std::string last_error() {
    const auto* e = git_error_last();
    return e && e->message ? e->message : "unknown error";
}

bool is_file_name(std::string_view name) {
    if (name.empty() || name.size() > 255 || name == "." || name == "..") return false;
    if (name.find('/') != std::string_view::npos || name.find('\0') != std::string_view::npos) return false;
    std::string lower(name);
    std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
    return lower != ".git";
}

error bad_tree(const std::string& path, std::string_view what) {
    return fail(errc::invalid, "tree_invalid", fmt::format("{}: {}", path, what));
}

}  // namespace

struct source_tree::repository {
    repository() { use_git_library(); }

    odb_handle odb;
    repository_handle wrapped;
    std::vector<git_oid> oids;  // of entries_
    std::unordered_map<std::string_view, std::size_t> index;

    result<> walk(const git_tree* tree, const std::string& above, std::size_t depth, bounds limit,
                  std::vector<entry>& out);
    result<> add(const git_tree_entry* item, const std::string& path, std::size_t depth, bounds limit,
                 std::vector<entry>& out);
};

result<> source_tree::repository::walk(const git_tree* tree, const std::string& above, std::size_t depth, bounds limit,
                                       std::vector<entry>& out) {
    const auto count = git_tree_entrycount(tree);
    for (std::size_t i = 0; i < count; ++i) {
        const auto* item = git_tree_entry_byindex(tree, i);
        const std::string_view name = git_tree_entry_name(item);
        const auto path = above.empty() ? std::string(name) : above + "/" + std::string(name);
        if (!is_file_name(name)) return bad_tree(path, "a name that no file can have");
        if (out.size() >= static_cast<std::size_t>(limit.files)) {
            return fail(errc::too_large, "tree_too_large", fmt::format("more than {} files", limit.files));
        }
        if (auto ok = add(item, path, depth, limit, out); !ok) return ok;
    }
    return {};
}

result<> source_tree::repository::add(const git_tree_entry* item, const std::string& path, std::size_t depth,
                                      bounds limit, std::vector<entry>& out) {
    const auto mode = git_tree_entry_filemode(item);
    const auto keep = [&](kind type) {
        out.push_back({path, depth, type});
        oids.push_back(*git_tree_entry_id(item));
    };
    switch (mode) {
        case GIT_FILEMODE_BLOB:
            keep(kind::file);
            return {};
        case GIT_FILEMODE_BLOB_EXECUTABLE:
            keep(kind::executable);
            return {};
        case GIT_FILEMODE_LINK:
            keep(kind::link);
            return {};
        case GIT_FILEMODE_COMMIT:
            return fail(errc::invalid, "submodule",
                        path + " is a git submodule, which a build cannot fetch: commit its files instead");
        case GIT_FILEMODE_TREE:
            break;
        default:
            return bad_tree(path, "neither a file, a link nor a directory");
    }
    if (depth + 1 >= static_cast<std::size_t>(limit.depth)) return bad_tree(path, "directories too deep");
    keep(kind::directory);
    git_tree* below = nullptr;
    if (git_tree_lookup(&below, wrapped.get(), git_tree_entry_id(item)) != 0) return bad_tree(path, last_error());
    const tree_handle held(below);
    return walk(below, path, depth + 1, limit, out);
}

source_tree::source_tree() : repository_(std::make_unique<repository>()) {}
source_tree::source_tree(source_tree&&) noexcept = default;
source_tree& source_tree::operator=(source_tree&&) noexcept = default;
source_tree::~source_tree() = default;

result<source_tree> source_tree::open(const std::filesystem::path& repository, const std::string& commit,
                                      bounds limit) {
    source_tree tree;
    auto& r = *tree.repository_;
    const auto failed = [&] { return fail(errc::failed, "repository", fmt::format("{}: {}", commit, last_error())); };
    // The object database alone: neither the repository's configuration nor its owner has a say here.
    git_odb* odb = nullptr;
    if (git_odb_open(&odb, (repository / "objects").c_str()) != 0) return failed();
    r.odb.reset(odb);
    git_repository* wrapped = nullptr;
    if (git_repository_wrap_odb(&wrapped, odb) != 0) return failed();
    r.wrapped.reset(wrapped);

    git_oid oid;
    git_commit* found = nullptr;
    git_tree* root = nullptr;
    if (git_oid_fromstr(&oid, commit.c_str()) != 0) return failed();
    if (git_commit_lookup(&found, wrapped, &oid) != 0) {
        return fail(errc::not_found, "commit_not_found", "there is no commit " + commit);
    }
    const commit_handle held_commit(found);
    if (git_commit_tree(&root, found) != 0) return failed();
    const tree_handle held_tree(root);
    if (auto ok = r.walk(root, {}, 0, limit, tree.entries_); !ok) return ok.error();
    r.index.reserve(tree.entries_.size());
    for (std::size_t i = 0; i < tree.entries_.size(); ++i) {
        const auto& path = tree.entries_[i].path;
        if (!r.index.emplace(path, i).second) return bad_tree(path, "is there twice");
    }
    return tree;
}

const std::size_t* source_tree::find(std::string_view path) const noexcept {
    const auto at = repository_->index.find(path);
    return at == repository_->index.end() ? nullptr : &at->second;
}

bool source_tree::has_file(std::string_view path) const noexcept {
    const auto* at = find(path);
    return at && (entries_[*at].type == kind::file || entries_[*at].type == kind::executable);
}

bool source_tree::has_directory(std::string_view path) const noexcept {
    const auto* at = find(path);
    return at && entries_[*at].type == kind::directory;
}

std::optional<std::string> source_tree::read(std::string_view path, std::size_t limit) const {
    if (!has_file(path)) return std::nullopt;
    const auto index = *find(path);
    if (size_of(index) > limit) return std::nullopt;
    std::string out;
    with_content(index, [&](std::string_view content) { out = content; });
    return out;
}

std::uint64_t source_tree::size_of(std::size_t index) const {
    std::size_t size = 0;
    git_object_t type{};
    if (git_odb_read_header(&size, &type, repository_->odb.get(), &repository_->oids.at(index)) != 0) {
        throw std::runtime_error(entries_[index].path + ": " + last_error());
    }
    return size;
}

void source_tree::with_content(std::size_t index, const std::function<void(std::string_view)>& use) const {
    git_odb_object* raw = nullptr;
    if (git_odb_read(&raw, repository_->odb.get(), &repository_->oids.at(index)) != 0) {
        throw std::runtime_error(entries_[index].path + ": " + last_error());
    }
    const object_handle object(raw);
    if (git_odb_object_type(raw) != GIT_OBJECT_BLOB) {
        throw std::runtime_error(entries_[index].path + ": not a file's content");
    }
    use({static_cast<const char*>(git_odb_object_data(raw)), git_odb_object_size(raw)});
}

}  // namespace gasper::buildpacks
