// How the stack images are made, as data: the folders of stacks/recipes, part of the program. Each holds a Dockerfile
// whose FROM and COPY --from name other recipes between @ signs; "base" holds a script instead, and a folder with the
// file "suite" is made by that script of the suite that the file names. Values; any thread.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/embedded.hpp"
#include "core/base/error.hpp"

namespace gasper::runtime {

/// "<recipe>/<file>" for each file.
std::span<const embedded_file> recipe_files();

/// The files of one recipe, with paths inside it; empty: there is no such recipe. "service-<kind>-<version>" is made by
/// the kind's own folder.
std::vector<embedded_file> recipe(std::string_view name);

/// The suite that base's script makes this recipe of: `usual` for base itself. None: it has a Dockerfile.
std::optional<std::string> suite_of(std::string_view name, const std::string& usual);

/// The recipes that this one is made from, each once, in order of appearance.
std::vector<std::string> parents_of(std::string_view dockerfile);

/// The Dockerfile with @name@ replaced by `reference(name)`.
std::string resolved(std::string_view dockerfile, const std::function<std::string(const std::string&)>& reference);

/// The image's tag: "gasper/stack-python:1a2b3c4d5e6f". It changes when a file of the recipe or of one that it is made
/// from changes, or `world` (the suite, the mirror, the host's certificates).
std::string image_reference(std::string_view name, std::string_view world);

/// The build context as a tar file. `dockerfile` stands for the recipe's own.
std::string build_context(std::string_view name, std::string_view dockerfile);

}  // namespace gasper::runtime
