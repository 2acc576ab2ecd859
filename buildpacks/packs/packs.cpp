#include "buildpacks/packs/packs.hpp"

#include <stdexcept>

namespace gasper::buildpacks {
namespace {

std::string_view script(std::string_view path) {
    for (const auto& file : pack_scripts()) {
        if (file.path == path) return file.content;
    }
    throw std::logic_error("no script " + std::string(path));
}

}  // namespace

// Heroku's order: a Rails app has a package.json too, a Django app may. static.json says outright what it is; a bare
// index.html is the last guess.
std::vector<std::unique_ptr<pack>> all_packs() {
    std::vector<std::unique_ptr<pack>> packs;
    packs.push_back(ruby_pack());
    packs.push_back(node_pack());
    packs.push_back(python_pack());
    packs.push_back(php_pack());
    packs.push_back(go_pack());
    packs.push_back(static_pack());
    return packs;
}

std::string compile_script(std::string_view language) {
    return std::string(script("prelude.sh")) + std::string(script(std::string(language) + "/compile.sh"));
}

std::string shell_quoted(std::string_view text) {
    std::string out = "'";
    for (const char c : text) {
        if (c == '\'') {
            out += "'\\''";
        } else {
            out += c;
        }
    }
    return out + "'";
}

}  // namespace gasper::buildpacks
