// package.json as far as a build needs it. Values; any thread.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "buildpacks/pack.hpp"

namespace gasper::buildpacks {

struct package_json {
    std::map<std::string, std::string> scripts;
    std::string node;  // engines.node; empty: any
    std::string main;
    bool dependencies{false};        // there is something to install, at run time or for the build
    bool local_dependencies{false};  // some of it is in the tree itself
};

/// None: there is no package.json. Refuses one that is not a JSON object.
std::optional<result<package_json>> read_package_json(const source_tree& tree);

/// npm ci and the package's build script.
std::optional<compile_step> node_compile(const source_tree& tree, const package_json& package);

}  // namespace gasper::buildpacks
