// Go: modules or a lone main.go; the binaries land in bin/.
#include <regex>

#include "buildpacks/packs/packs.hpp"

namespace gasper::buildpacks {
namespace {

/// The last element of the module's path, without a version: what `go install` would call the program.
std::string program_name(const std::string& go_mod) {
    static const std::regex module(R"((?:^|\n)\s*module\s+"?([A-Za-z0-9._~/-]+))");
    std::smatch found;
    if (!std::regex_search(go_mod, found, module)) return "app";
    auto path = found[1].str();
    static const std::regex version(R"(/v[0-9]+$)");
    path = std::regex_replace(path, version, "");
    const auto slash = path.rfind('/');
    const auto name = slash == std::string::npos ? path : path.substr(slash + 1);
    return name.empty() || name.front() == '-' || name.front() == '.' ? "app" : name;
}

bool has_go_files(const source_tree& tree) {
    for (const auto& e : tree.entries()) {
        if (e.depth == 0 && e.name().ends_with(".go") && !e.name().ends_with("_test.go")) return true;
    }
    return false;
}

class go final : public pack {
 public:
    std::string_view language() const override { return "go"; }
    std::string_view title() const override { return "Go"; }

    bool detect(const source_tree& tree) const override { return tree.has_file("go.mod") || tree.has_file("main.go"); }

    result<build_plan> plan(const source_tree& tree) const override {
        build_plan plan;
        const auto name = program_name(tree.read("go.mod", 1 << 20).value_or(""));
        compile_step step{.stack = "go", .script = compile_script("go"), .env = {}, .layer = {}};
        // The compiler's cache makes it quick, so it always runs: a layer could only hold what changes with each
        // commit.
        if (has_go_files(tree)) {
            step.env["GASPER_GO_PROGRAM"] = name;
            plan.defaults["web"] = "bin/" + name;
        } else if (const auto only = only_command(tree); !only.empty()) {
            plan.defaults["web"] = "bin/" + only;
        }
        plan.compile = std::move(step);
        return plan;
    }

    config_vars launch_env() const override { return {{"PATH", "/app/bin:/usr/local/bin:/usr/bin:/bin"}}; }
    std::int64_t worker_bytes() const override { return 512ll << 20; }

 private:
    /// cmd/<name>, when there is one only.
    static std::string only_command(const source_tree& tree) {
        std::string only;
        for (const auto& e : tree.entries()) {
            if (e.depth != 1 || e.type != source_tree::kind::directory || !e.path.starts_with("cmd/")) continue;
            if (!only.empty()) return {};
            only = e.name();
        }
        return only;
    }
};

}  // namespace

std::unique_ptr<pack> go_pack() {
    return std::make_unique<go>();
}

}  // namespace gasper::buildpacks
