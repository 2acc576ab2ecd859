#include "control/git.hpp"

#include <git2.h>

#include "core/base/git_library.hpp"
#include "core/base/handle.hpp"

namespace gasper::control {

namespace {

using repository_handle = handle<git_repository, git_repository_free>;
using reference_handle = handle<git_reference, git_reference_free>;

error git_error_now(const char* what) {
    const auto* last = git_error_last();
    return fail(errc::failed, "git", std::string(what) + ": " + (last ? last->message : "unknown"));
}

result<repository_handle> open(const std::filesystem::path& at) {
    use_git_library();
    git_repository* raw = nullptr;
    if (git_repository_open_bare(&raw, at.c_str()) != 0) return git_error_now("the repository cannot be opened");
    return repository_handle(raw);
}

const std::string zeros(40, '0');

}  // namespace

result<> ensure_repository(const std::filesystem::path& at) {
    use_git_library();
    if (std::filesystem::exists(at / "HEAD")) return {};
    std::filesystem::create_directories(at.parent_path());
    git_repository_init_options how;
    git_repository_init_options_init(&how, GIT_REPOSITORY_INIT_OPTIONS_VERSION);
    how.flags = GIT_REPOSITORY_INIT_BARE | GIT_REPOSITORY_INIT_MKPATH;
    how.initial_head = "main";
    git_repository* raw = nullptr;
    if (git_repository_init_ext(&raw, at.c_str(), &how) != 0) return git_error_now("the repository cannot be made");
    repository_handle made(raw);
    return {};
}

result<std::string> ref_target(const std::filesystem::path& at, const std::string& ref) {
    auto repository = open(at);
    if (!repository) return repository.error();
    git_oid oid;
    const int rc = git_reference_name_to_id(&oid, repository->get(), ref.c_str());
    if (rc == GIT_ENOTFOUND) return zeros;
    if (rc != 0) return git_error_now("the ref cannot be read");
    char text[GIT_OID_HEXSZ + 1];
    return std::string(git_oid_tostr(text, sizeof text, &oid));
}

result<> move_ref(const std::filesystem::path& at, const std::string& ref, const std::string& from,
                  const std::string& to) {
    auto repository = open(at);
    if (!repository) return repository.error();
    git_oid target, expected;
    if (git_oid_fromstr(&target, to.c_str()) != 0 || git_oid_fromstr(&expected, from.c_str()) != 0)
        return git_error_now("not an object name");
    git_reference* raw = nullptr;
    const int rc = from == zeros ? git_reference_create(&raw, repository->get(), ref.c_str(), &target, 0, "push")
                                 : git_reference_create_matching(&raw, repository->get(), ref.c_str(), &target, 1,
                                                                 &expected, "push");
    reference_handle moved(raw);
    if (rc == GIT_EEXISTS || rc == GIT_EMODIFIED)
        return fail(errc::conflict, "ref_changed", ref + " was moved by somebody else meanwhile; fetch and push again");
    if (rc != 0) return git_error_now("the ref cannot be moved");
    return {};
}

}  // namespace gasper::control
