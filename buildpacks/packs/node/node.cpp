// Node: npm's lock file, engines.node, scripts.start.
#include "buildpacks/packs/node/package_json.hpp"
#include "buildpacks/packs/packs.hpp"

namespace gasper::buildpacks {
namespace {

class node final : public pack {
 public:
    std::string_view language() const override { return "node"; }
    std::string_view title() const override { return "Node.js"; }

    bool detect(const source_tree& tree) const override {
        return tree.has_file("package.json") || tree.has_file("server.js");
    }

    result<build_plan> plan(const source_tree& tree) const override {
        build_plan plan;
        package_json package;
        if (auto read = read_package_json(tree)) {
            if (!*read) return read->error();
            package = **read;
        }
        if (tree.has_file("yarn.lock") || tree.has_file("pnpm-lock.yaml")) {
            plan.notes.push_back("yarn.lock and pnpm-lock.yaml are not read: npm installs the dependencies");
        }
        if (auto command = web_command(tree, package); !command.empty()) plan.defaults["web"] = command;
        plan.compile = node_compile(tree, package);
        return plan;
    }

    config_vars launch_env() const override {
        return {{"NODE_ENV", "production"},
                {"PATH", "/app/.gasper/node/bin:/app/node_modules/.bin:/usr/local/bin:/usr/bin:/bin"}};
    }
    std::int64_t worker_bytes() const override { return 512ll << 20; }

 private:
    static std::string web_command(const source_tree& tree, const package_json& package) {
        const auto& scripts = package.scripts;
        if (const auto start = scripts.find("start"); start != scripts.end()) {
            // npm itself costs a quarter of a second at each start: it is only needed for scripts around the script.
            if (scripts.contains("prestart") || scripts.contains("poststart")) return "npm start";
            return start->second;
        }
        if (tree.has_file("server.js")) return "node server.js";
        if (!package.main.empty() && tree.has_file(package.main)) return "node " + shell_quoted(package.main);
        return tree.has_file("index.js") ? "node index.js" : "";
    }
};

}  // namespace

std::unique_ptr<pack> node_pack() {
    return std::make_unique<node>();
}

}  // namespace gasper::buildpacks
