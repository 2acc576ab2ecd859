#include "buildpacks/layers.hpp"

#include <algorithm>
#include <vector>

#include "core/base/crypto.hpp"

namespace gasper::buildpacks {
namespace fs = std::filesystem;

std::string layer_key(const compile_step& step, const std::string& image, const config_vars& env) {
    std::string material;
    // Each part with its length, so that no two lists of parts read the same.
    const auto add = [&](std::string_view part) { (material += std::to_string(part.size())) += ":", material += part; };
    add(image);
    add(step.script);
    add(step.layer->key_material);
    for (const auto& [name, value] : step.env) {
        add(name);
        add(value);
    }
    for (const auto& [name, value] : env) {
        const auto& prefixes = step.layer->env_prefixes;
        if (std::none_of(prefixes.begin(), prefixes.end(), [&n = name](const auto& p) { return n.starts_with(p); }))
            continue;
        add(name);
        add(value);
    }
    return sha256_hex(material).substr(0, 32);
}

result<bool> layer_cache::restore(const std::string& key, const dependency_layer& layer, const fs::path& release,
                                  copy_by how) const {
    const auto from = directory_ / key;
    if (!fs::is_directory(from)) return false;
    for (const auto& directory : layer.directories) {
        if (auto ok = copy_directory(from, release, directory, how, owner_); !ok) return ok.error();
    }
    fs::last_write_time(from, fs::file_time_type::clock::now());
    return true;
}

result<> layer_cache::save(const std::string& key, const dependency_layer& layer, const fs::path& release) const {
    const auto making = directory_ / ("making-" + key);
    fs::remove_all(making);
    fs::create_directories(making);
    for (const auto& directory : layer.directories) {
        if (auto ok = copy_directory(release, making, directory, copy_by::link, owner_); !ok) return ok.error();
    }
    fs::remove_all(directory_ / key);
    fs::rename(making, directory_ / key);
    evict();
    return {};
}

void layer_cache::evict() const {
    std::vector<std::pair<fs::file_time_type, fs::path>> layers;
    for (const auto& entry : fs::directory_iterator(directory_))
        layers.emplace_back(entry.last_write_time(), entry.path());
    std::sort(layers.rbegin(), layers.rend());
    for (std::size_t i = kept; i < layers.size(); ++i)
        fs::remove_all(layers[i].second);
}

}  // namespace gasper::buildpacks
