// What a buildpack is: it knows one language. It looks at a commit's tree and says what to do as a value; the builder
// does it. One folder each under packs/, with the script that compiles. Blocks (reads the tree): any one thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "buildpacks/source_tree.hpp"
#include "core/base/error.hpp"
#include "core/model/model.hpp"

namespace gasper::buildpacks {

/// Dependencies that stay the same while what they are made from does.
struct dependency_layer {
    std::string key_material;               // lock files and whatever else they depend on
    std::vector<std::string> directories;   // in the release directory, such as "node_modules"
    std::vector<std::string> env_prefixes;  // config vars that change what is installed: "PIP_"
};

/// A script to run in a build container, with the release directory at /app and the app's cache at /cache.
struct compile_step {
    std::string stack;  // whose build image: "python"
    std::string script;
    config_vars env;                        // what detection found out, for the script
    std::optional<dependency_layer> layer;  // none: everything is made anew
    bool also_with_layer{false};            // run it although the layer is there; the script sees LAYER_REUSED=1
};

struct build_plan {
    std::vector<std::string> notes;       // for the person: "runtime.txt asks for …"
    process_types defaults;               // what runs when the Procfile does not say
    std::optional<compile_step> compile;  // none: the files are the release
};

class pack {
 public:
    virtual ~pack() = default;

    virtual std::string_view language() const = 0;  // "python"; names the stack too
    virtual std::string_view title() const = 0;     // "Python"
    virtual bool detect(const source_tree& tree) const = 0;
    virtual result<build_plan> plan(const source_tree& tree) const = 0;
    /// What every process of such an app gets, unless a config var says otherwise.
    virtual config_vars launch_env() const = 0;
    /// Memory that one worker process needs: WEB_CONCURRENCY follows from it.
    virtual std::int64_t worker_bytes() const = 0;
};

/// All of them, in the order in which they are asked.
std::vector<std::unique_ptr<pack>> all_packs();

}  // namespace gasper::buildpacks
