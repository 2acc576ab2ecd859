// PHP: composer's lock file; nginx and php-fpm serve the document root.
#include <nlohmann/json.hpp>

#include "buildpacks/packs/packs.hpp"

namespace gasper::buildpacks {
namespace {

using nlohmann::json;

/// The installed tree depends on more than the lock file: packages from the tree, class maps over the app's own files,
/// scripts that run at an install.
bool depends_on_tree(const json& composer, const std::string& lock) {
    if (composer.contains("scripts")) return true;
    for (const auto* key : {"autoload", "autoload-dev"}) {
        const auto at = composer.find(key);
        if (at != composer.end() && at->is_object() && at->contains("classmap")) return true;
    }
    return lock.find("\"type\": \"path\"") != std::string::npos;
}

class php final : public pack {
 public:
    std::string_view language() const override { return "php"; }
    std::string_view title() const override { return "PHP"; }

    bool detect(const source_tree& tree) const override {
        return tree.has_file("composer.json") || tree.has_file("index.php") || tree.has_file("public/index.php");
    }

    result<build_plan> plan(const source_tree& tree) const override {
        build_plan plan;
        plan.defaults["web"] = "gasper-php" + document_root(tree);
        const auto text = tree.read("composer.json", 1 << 20);
        if (!text) return plan;
        const auto composer = json::parse(*text, nullptr, false);
        if (!composer.is_object()) {
            return fail(errc::invalid, "composer_json_invalid", "composer.json is not a JSON object");
        }
        const auto lock = tree.read("composer.lock", 32 << 20).value_or("");
        compile_step step{.stack = "php", .script = compile_script("php"), .env = {}, .layer = {}};
        if (!lock.empty() && !depends_on_tree(composer, lock)) {
            step.layer = dependency_layer{
                .key_material = *text + "\n" + lock, .directories = {"vendor"}, .env_prefixes = {"COMPOSER"}};
        }
        plan.compile = std::move(step);
        return plan;
    }

    config_vars launch_env() const override {
        return {{"PATH", "/app/vendor/bin:/usr/local/bin:/usr/sbin:/usr/bin:/bin"}};
    }
    std::int64_t worker_bytes() const override { return 64ll << 20; }

 private:
    static std::string document_root(const source_tree& tree) {
        for (const auto* name : {"public", "web"}) {
            if (tree.has_file(std::string(name) + "/index.php")) return std::string(" ") + name;
        }
        return {};
    }
};

}  // namespace

std::unique_ptr<pack> php_pack() {
    return std::make_unique<php>();
}

}  // namespace gasper::buildpacks
