#include "buildpacks/packs/node/package_json.hpp"

#include <array>
#include <nlohmann/json.hpp>

#include "buildpacks/packs/packs.hpp"

namespace gasper::buildpacks {
namespace {

using nlohmann::json;

// npm runs these around an install: what they do may depend on any file of the tree.
constexpr std::array install_scripts{"preinstall", "install", "postinstall", "prepublish",
                                     "preprepare", "prepare", "postprepare"};
constexpr std::array build_scripts{"heroku-postbuild", "build"};

std::string text_of(const json& object, const char* key) {
    const auto at = object.find(key);
    return at != object.end() && at->is_string() ? at->get<std::string>() : std::string();
}

bool names_the_tree(const json& dependencies) {
    for (const auto& version : dependencies) {
        if (!version.is_string()) continue;
        const auto& text = version.get_ref<const std::string&>();
        if (text.starts_with("file:") || text.starts_with("link:") || text.starts_with(".") || text.starts_with("/")) {
            return true;
        }
    }
    return false;
}

package_json interpret(const json& document) {
    package_json package;
    package.main = text_of(document, "main");
    if (const auto at = document.find("engines"); at != document.end() && at->is_object())
        package.node = text_of(*at, "node");
    if (const auto at = document.find("scripts"); at != document.end() && at->is_object()) {
        for (const auto& [name, command] : at->items()) {
            if (command.is_string()) package.scripts[name] = command.get<std::string>();
        }
    }
    for (const auto* key : {"dependencies", "devDependencies", "optionalDependencies"}) {
        const auto at = document.find(key);
        if (at == document.end() || !at->is_object() || at->empty()) continue;
        package.dependencies = true;
        package.local_dependencies = package.local_dependencies || names_the_tree(*at);
    }
    if (document.contains("workspaces")) package.dependencies = package.local_dependencies = true;
    return package;
}

template <class Names>
bool has_any(const package_json& package, const Names& names) {
    for (const auto* name : names) {
        if (package.scripts.contains(name)) return true;
    }
    return false;
}

}  // namespace

std::optional<result<package_json>> read_package_json(const source_tree& tree) {
    if (!tree.has_file("package.json")) return std::nullopt;
    const auto text = tree.read("package.json", 1 << 20);
    const auto document = text ? json::parse(*text, nullptr, false) : json();
    if (!document.is_object()) {
        return result<package_json>(fail(errc::invalid, "package_json_invalid", "package.json is not a JSON object"));
    }
    return result<package_json>(interpret(document));
}

std::optional<compile_step> node_compile(const source_tree& tree, const package_json& package) {
    const bool builds = has_any(package, build_scripts);
    if (!package.dependencies && !builds && package.node.empty() && !has_any(package, install_scripts))
        return std::nullopt;
    compile_step step{.stack = "node", .script = compile_script("node"), .env = {}, .layer = {}};
    if (!package.node.empty()) step.env["GASPER_NODE_RANGE"] = package.node;
    if (package.scripts.contains("heroku-postbuild")) {
        step.env["GASPER_BUILD_SCRIPT"] = "heroku-postbuild";
    } else if (builds) {
        step.env["GASPER_BUILD_SCRIPT"] = "build";
    }
    step.also_with_layer = builds;
    if (package.local_dependencies || has_any(package, install_scripts) || tree.has_directory("node_modules"))
        return step;
    dependency_layer layer{
        .key_material = {}, .directories = {"node_modules", ".gasper/node"}, .env_prefixes = {"NPM_", "npm_", "NODE_"}};
    // Its version and scripts may change without a change of what is installed; telling them apart is not worth it.
    for (const auto* name : {"package.json", "package-lock.json", "npm-shrinkwrap.json", ".npmrc"}) {
        layer.key_material += std::string(name) + "\n" + tree.read(name, 32 << 20).value_or("") + "\n";
    }
    step.layer = std::move(layer);
    return step;
}

}  // namespace gasper::buildpacks
