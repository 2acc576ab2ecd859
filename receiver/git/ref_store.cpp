#include "receiver/git/ref_store.hpp"

#include <git2.h>

#include <algorithm>

#include "core/base/git_library.hpp"
#include "core/base/handle.hpp"

namespace gasper::receiver {

namespace {

using repository_ptr = handle<git_repository, git_repository_free>;
using iterator_ptr = handle<git_reference_iterator, git_reference_iterator_free>;
using reference_ptr = handle<git_reference, git_reference_free>;
using transaction_ptr = handle<git_transaction, git_transaction_free>;
using odb_ptr = handle<git_odb, git_odb_free>;

result<repository_ptr> open(const std::filesystem::path& path) {
    use_git_library();
    git_repository* raw = nullptr;
    constexpr unsigned flags = GIT_REPOSITORY_OPEN_BARE | GIT_REPOSITORY_OPEN_NO_SEARCH;
    if (git_repository_open_ext(&raw, path.c_str(), flags, nullptr) != 0)
        return fail(errc::unavailable, "repository", "the repository cannot be opened");
    return repository_ptr(raw);
}

std::string to_hex(const git_oid& oid) {
    char hex[GIT_OID_HEXSZ + 1];
    return git_oid_tostr(hex, sizeof hex, &oid);
}

bool conflicts(std::string_view a, std::string_view b) {
    if (a.size() > b.size()) std::swap(a, b);
    return b.size() > a.size() && b.starts_with(a) && b[a.size()] == '/';
}

// One push's changes under git's locks. Nothing is written before commit().
class update {
 public:
    explicit update(git_repository* repository) : repository_(repository) {
        git_transaction* raw = nullptr;
        if (git_transaction_new(&raw, repository_) == 0) transaction_.reset(raw);
    }

    std::string prepare(const ref_command& command, std::span<const advertised_ref> existing) {
        if (!transaction_) return "the repository cannot be locked";
        if (!command.deletes())
            for (const auto& ref : existing)
                if (conflicts(ref.name, command.ref)) return "'" + ref.name + "' is in the way of this name";
        const int locked = git_transaction_lock_ref(transaction_.get(), command.ref.c_str());
        if (locked == GIT_ELOCKED) return "another push is moving this ref, try again";
        if (locked != 0) return "cannot lock the ref";
        git_oid now{};
        const int found = git_reference_name_to_id(&now, repository_, command.ref.c_str());
        if (found != 0 && found != GIT_ENOTFOUND) return "cannot read the ref";
        if ((found == 0 ? to_hex(now) : std::string(zero_oid)) != command.old_oid)
            return "the ref has moved since you fetched it, fetch first";
        if (command.deletes())
            return git_transaction_remove(transaction_.get(), command.ref.c_str()) == 0 ? "" : "cannot delete the ref";
        if (auto refusal = check_new(command); !refusal.empty()) return refusal;
        git_oid to{};
        if (git_oid_fromstr(&to, command.new_oid.c_str()) != 0) return "not an object name";
        const int set = git_transaction_set_target(transaction_.get(), command.ref.c_str(), &to, nullptr, "push");
        return set == 0 ? "" : "cannot set the ref";
    }

    std::string commit() { return git_transaction_commit(transaction_.get()) == 0 ? "" : "cannot move the ref"; }

 private:
    std::string check_new(const ref_command& command) {
        git_odb* raw = nullptr;
        if (git_repository_odb(&raw, repository_) != 0) return "the objects cannot be read";
        odb_ptr odb(raw);
        git_oid oid{};
        std::size_t size = 0;
        git_object_t type = GIT_OBJECT_INVALID;
        if (git_oid_fromstr(&oid, command.new_oid.c_str()) != 0 || git_odb_read_header(&size, &type, raw, &oid) != 0)
            return "the new object is not there";
        if (command.ref.starts_with("refs/heads/") && type != GIT_OBJECT_COMMIT)
            return "a branch can only hold a commit";
        return {};
    }

    git_repository* repository_;
    transaction_ptr transaction_;
};

// Conflicts are judged against what will be left, so that `a` can make room for `a/b` in one push.
std::vector<advertised_ref> remaining(std::vector<advertised_ref> refs, std::span<const ref_command> commands) {
    for (const auto& command : commands)
        if (command.deletes()) std::erase_if(refs, [&](const advertised_ref& r) { return r.name == command.ref; });
    return refs;
}

void update_atomically(git_repository* repository, std::span<const ref_command> commands,
                       const std::vector<advertised_ref>& existing, std::vector<ref_outcome>& outcomes) {
    update all(repository);
    bool refused = false;
    for (std::size_t i = 0; i < commands.size(); ++i) {
        outcomes[i].refusal = all.prepare(commands[i], existing);
        refused = refused || !outcomes[i].refusal.empty();
    }
    const auto failed = refused ? std::string("the atomic push was refused") : all.commit();
    for (auto& outcome : outcomes)
        if (outcome.refusal.empty()) outcome.refusal = failed;
}

}  // namespace

result<std::vector<advertised_ref>> list_refs(const std::filesystem::path& repository) {
    auto repo = open(repository);
    if (!repo) return repo.error();
    git_reference_iterator* raw = nullptr;
    if (git_reference_iterator_new(&raw, repo->get()) != 0)
        return fail(errc::unavailable, "refs", "the refs cannot be read");
    iterator_ptr iterator(raw);
    std::vector<advertised_ref> refs;
    git_reference* next = nullptr;
    while (git_reference_next(&next, iterator.get()) == 0) {
        reference_ptr ref(next);
        const git_oid* target = git_reference_target(next);
        if (target) refs.push_back({git_reference_name(next), to_hex(*target)});
    }
    std::sort(refs.begin(), refs.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    return refs;
}

std::vector<ref_outcome> update_refs(const std::filesystem::path& repository, std::span<const ref_command> commands,
                                     bool atomic) {
    std::vector<ref_outcome> outcomes;
    for (const auto& command : commands)
        outcomes.push_back({command.ref, {}});
    auto repo = open(repository);
    auto existing = list_refs(repository);
    if (!repo || !existing) {
        for (auto& outcome : outcomes)
            outcome.refusal = "the repository cannot be opened";
        return outcomes;
    }
    const auto left = remaining(std::move(*existing), commands);
    if (atomic) {
        update_atomically(repo->get(), commands, left, outcomes);
        return outcomes;
    }
    for (std::size_t i = 0; i < commands.size(); ++i) {
        update one(repo->get());
        outcomes[i].refusal = one.prepare(commands[i], left);
        if (outcomes[i].refusal.empty()) outcomes[i].refusal = one.commit();
    }
    return outcomes;
}

}  // namespace gasper::receiver
