// Files as they are, or as an npm build makes them. static.json (root, clean_urls, error_page, routes) as the static
// buildpack of Heroku knows it.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "buildpacks/packs/node/package_json.hpp"
#include "buildpacks/packs/packs.hpp"

namespace gasper::buildpacks {
namespace {

using nlohmann::json;

error bad_json(std::string_view what) {
    return fail(errc::invalid, "static_json_invalid", fmt::format("static.json: {}", what));
}

/// A path of the site: relative, and without "..", so that it stays inside.
bool stays_inside(std::string_view path) {
    if (path.empty() || path.size() > 255 || path.front() == '/' || path.find('"') != std::string_view::npos ||
        path.find('$') != std::string_view::npos || path.find('\n') != std::string_view::npos) {
        return false;
    }
    for (std::size_t at = 0; at <= path.size();) {
        const auto end = std::min(path.find('/', at), path.size());
        if (path.substr(at, end - at) == "..") return false;
        at = end + 1;
    }
    return true;
}

result<std::string> option(const json& value, std::string_view name, std::string_view flag) {
    if (!value.is_string()) return bad_json(fmt::format("{} is not a text", name));
    auto path = value.get<std::string>();
    while (path.size() > 1 && path.back() == '/')
        path.pop_back();
    if (path.starts_with('/')) path.erase(0, 1);
    if (!stays_inside(path)) return bad_json(fmt::format("{} does not name a path inside the app", name));
    return fmt::format(" {} {}", flag, shell_quoted(path));
}

result<std::string> arguments(const json& site) {
    std::string out;
    const auto add = [&](std::string_view key, std::string_view flag) -> result<> {
        if (!site.contains(key)) return {};
        auto text = option(site.at(std::string(key)), key, flag);
        if (!text) return text.error();
        out += *text;
        return {};
    };
    if (auto ok = add("root", "--root"); !ok) return ok.error();
    if (auto ok = add("error_page", "--error-page"); !ok) return ok.error();
    if (site.value("clean_urls", json(false)) == json(true)) out += " --clean-urls";
    if (const auto routes = site.value("routes", json::object()); routes.contains("/**")) {
        auto text = option(routes.at("/**"), "routes", "--fallback");
        if (!text) return text.error();
        out += *text;
    }
    return out;
}

class static_site final : public pack {
 public:
    std::string_view language() const override { return "static"; }
    std::string_view title() const override { return "Static site"; }

    bool detect(const source_tree& tree) const override {
        return tree.has_file("static.json") || tree.has_file("index.html") || tree.has_file("public/index.html");
    }

    result<build_plan> plan(const source_tree& tree) const override {
        build_plan plan;
        std::string command = "gasper-static";
        if (const auto text = tree.read("static.json", 64 << 10)) {
            const auto site = json::parse(*text, nullptr, false);
            if (!site.is_object()) return bad_json("not a JSON object");
            auto more = arguments(site);
            if (!more) return more.error();
            command += *more;
        } else if (!tree.has_file("index.html")) {
            command += " --root public";
        }
        plan.defaults["web"] = command;
        if (auto package = read_package_json(tree)) {
            if (!*package) return package->error();
            if ((*package)->scripts.contains("build")) plan.compile = node_compile(tree, **package);
        }
        return plan;
    }

    config_vars launch_env() const override { return {}; }
    std::int64_t worker_bytes() const override { return 512ll << 20; }
};

}  // namespace

std::unique_ptr<pack> static_pack() {
    return std::make_unique<static_site>();
}

}  // namespace gasper::buildpacks
