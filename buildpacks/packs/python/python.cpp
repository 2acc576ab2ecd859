// Python: requirements.txt, Pipfile.lock or pyproject.toml by pip; gunicorn or uvicorn by what they name.
#include <algorithm>
#include <regex>
#include <set>

#include "buildpacks/packs/packs.hpp"

namespace gasper::buildpacks {
namespace {

constexpr std::size_t max_requirement_files = 20;

struct requirements {
    std::string text;       // all files, one after another
    bool from_tree{false};  // something is installed from the tree itself
};

std::string directory_of(const std::string& path) {
    const auto slash = path.rfind('/');
    return slash == std::string::npos ? "" : path.substr(0, slash + 1);
}

/// requirements.txt with what it includes (-r, -c).
requirements read_requirements(const source_tree& tree) {
    requirements all;
    std::vector<std::string> waiting{"requirements.txt"};
    std::set<std::string> seen;
    static const std::regex include(R"(^\s*(?:-r|-c|--requirement|--constraint)[ =]*(\S+))");
    static const std::regex local(R"(^\s*(?:-e\b|--editable\b|file:|\.|/|[^#]*@\s*file:))");
    while (!waiting.empty()) {
        const auto path = std::filesystem::path(waiting.back()).lexically_normal().string();
        waiting.pop_back();
        if (!seen.insert(path).second) continue;
        const auto text = tree.read(path, 1 << 20);
        if (!text || seen.size() > max_requirement_files) {
            all.from_tree = true;  // pip shall say what is wrong
            continue;
        }
        all.text += path + "\n" + *text + "\n";
        for (std::size_t at = 0; at < text->size();) {
            const auto end = std::min(text->find('\n', at), text->size());
            const auto line = text->substr(at, std::min<std::size_t>(end - at, 500));
            std::smatch found;
            if (std::regex_search(line, found, include)) waiting.push_back(directory_of(path) + found[1].str());
            if (std::regex_search(line, local)) all.from_tree = true;
            at = end + 1;
        }
    }
    return all;
}

bool names(const std::string& text, const char* package) {
    const std::regex word(std::string("(^|[\\s\"'])") + package + "($|[\\s\"'=<>~!\\[;,:])", std::regex::icase);
    return std::regex_search(text, word);
}

class python final : public pack {
 public:
    std::string_view language() const override { return "python"; }
    std::string_view title() const override { return "Python"; }

    bool detect(const source_tree& tree) const override {
        return std::any_of(markers.begin(), markers.end(), [&](const char* name) { return tree.has_file(name); });
    }

    result<build_plan> plan(const source_tree& tree) const override {
        build_plan plan;
        for (const auto* name : {"runtime.txt", ".python-version"}) {
            if (tree.has_file(name))
                plan.notes.push_back(std::string(name) + " is not followed: the stack's own Python runs the app");
        }
        std::string packages;
        if (tree.has_file("requirements.txt")) {
            const auto all = read_requirements(tree);
            packages = all.text;
            plan.compile = step(tree, all.text, !all.from_tree);
        } else if (tree.has_file("Pipfile")) {
            const auto lock = tree.read("Pipfile.lock");
            if (!lock) {
                return fail(errc::invalid, "pipfile_without_lock",
                            "Pipfile without a Pipfile.lock: run `pipenv lock` and commit its result");
            }
            packages = *lock;
            plan.compile = step(tree, *lock, true);
        } else if (tree.has_file("pyproject.toml") || tree.has_file("setup.py")) {
            packages = tree.read("pyproject.toml").value_or("") + tree.read("setup.py").value_or("");
            plan.compile = step(tree, packages, false);
        }
        if (auto command = web_command(tree, packages); !command.empty()) plan.defaults["web"] = command;
        return plan;
    }

    config_vars launch_env() const override {
        return {{"PYTHONUNBUFFERED", "1"},
                {"PYTHONUSERBASE", "/app/.gasper/python"},
                {"PATH", "/app/.gasper/python/bin:/usr/local/bin:/usr/bin:/bin"}};
    }
    std::int64_t worker_bytes() const override { return 128ll << 20; }

 private:
    static constexpr std::array markers{"requirements.txt", "pyproject.toml", "Pipfile", "setup.py",
                                        "manage.py",        "app.py",         "main.py", "wsgi.py"};

    static compile_step step(const source_tree& tree, const std::string& locked, bool layered) {
        compile_step step{.stack = "python", .script = compile_script("python"), .env = {}, .layer = {}};
        if (layered) {
            step.layer =
                dependency_layer{.key_material = locked, .directories = {".gasper/python"}, .env_prefixes = {"PIP_"}};
        }
        step.also_with_layer = tree.has_file("manage.py") && names(locked, "django");
        return step;
    }

    static std::string web_command(const source_tree& tree, const std::string& packages) {
        std::string module;
        for (const auto* name : {"app", "main", "wsgi", "application"}) {
            if (module.empty() && tree.has_file(std::string(name) + ".py")) module = name;
        }
        if (tree.has_file("manage.py")) {
            if (!names(packages, "gunicorn")) return "python3 manage.py runserver 0.0.0.0:$PORT --noreload";
            for (const auto& e : tree.entries()) {
                if (e.depth == 1 && e.name() == "wsgi.py")
                    return "gunicorn " + directory_of(e.path).substr(0, e.path.size() - 8) + ".wsgi";
            }
        }
        if (module.empty()) return {};
        if (names(packages, "uvicorn") && (names(packages, "fastapi") || names(packages, "starlette"))) {
            return "uvicorn " + module + ":app --host 0.0.0.0 --port $PORT";
        }
        // gunicorn listens on $PORT by itself.
        if (names(packages, "gunicorn")) return "gunicorn " + module + ":" + (module == "wsgi" ? "application" : "app");
        return "python3 " + module + ".py";
    }
};

}  // namespace

std::unique_ptr<pack> python_pack() {
    return std::make_unique<python>();
}

}  // namespace gasper::buildpacks
