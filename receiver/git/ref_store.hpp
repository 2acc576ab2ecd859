// The refs of a bare repository, through libgit2. Every function blocks on files: call them on a blocking pool.
// Several may run at once; git's own lock files keep them, and other processes, apart.
#pragma once

#include <filesystem>
#include <span>
#include <vector>

#include "core/base/error.hpp"
#include "receiver/git/push_request.hpp"

namespace gasper::receiver {

/// All direct refs, sorted by name.
result<std::vector<advertised_ref>> list_refs(const std::filesystem::path& repository);

/// Moves, makes and deletes refs, each only when it still is where the client saw it (compare-and-swap). The new
/// objects must be in the repository; a branch holds commits only. `atomic`: all or none. One outcome per command.
std::vector<ref_outcome> update_refs(const std::filesystem::path& repository, std::span<const ref_command> commands,
                                     bool atomic);

}  // namespace gasper::receiver
