#include "receiver/git/git_command.hpp"

#include <algorithm>

#include "receiver/commands/words.hpp"

namespace gasper::receiver {

namespace {

result<std::string> app_of(std::string_view path) {
    auto name = path;
    if (name.starts_with('/')) name.remove_prefix(1);
    if (name.ends_with('/')) name.remove_suffix(1);
    if (name.ends_with(".git")) name.remove_suffix(4);
    const bool plain = !name.empty() && name.size() <= 64 && name[0] != '-' &&
                       std::all_of(name.begin(), name.end(),
                                   [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
    if (!plain)
        return fail(errc::invalid, "git_path",
                    "the address must end in /NAME.git, where NAME is an app's: lower-case letters, digits and '-'");
    return std::string(name);
}

}  // namespace

result<git_command> parse_git_command(std::string_view line) {
    auto words = split_words(line);
    if (!words) return words.error();
    if (words->size() == 3 && words->front() == "git") {
        words->erase(words->begin());
        words->front().insert(0, "git-");
    }
    if (words->size() != 2 || (words->front() != "git-receive-pack" && words->front() != "git-upload-pack"))
        return fail(errc::invalid, "git_command",
                    "user git only pushes, fetches and clones: git push, git fetch, git clone");
    auto app = app_of(words->back());
    if (!app) return app.error();
    const bool push = words->front() == "git-receive-pack";
    return git_command{push ? git_command::service::receive_pack : git_command::service::upload_pack, std::move(*app)};
}

}  // namespace gasper::receiver
