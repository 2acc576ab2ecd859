// Dependency layers of one app on disk: <cache>/layers/<key>/<directory>. A layer is complete or not there. Blocks;
// one build of an app at a time.
#pragma once

#include <filesystem>
#include <string>

#include "buildpacks/file_tree.hpp"
#include "buildpacks/pack.hpp"
#include "core/model/model.hpp"

namespace gasper::buildpacks {

/// What the layer is made from, as a name: lock files, the image, the script, and the config vars that matter.
std::string layer_key(const compile_step& step, const std::string& image, const config_vars& env);

class layer_cache {
 public:
    static constexpr std::size_t kept = 3;

    layer_cache(std::filesystem::path cache, file_owner owner)
        : directory_(std::move(cache) / "layers"), owner_(owner) {}

    /// Puts the layer's directories into the release directory. False: there is no such layer.
    result<bool> restore(const std::string& key, const dependency_layer& layer, const std::filesystem::path& release,
                         copy_by how) const;
    /// Keeps the release's directories under that key; removes the layers that were not used for longest.
    result<> save(const std::string& key, const dependency_layer& layer, const std::filesystem::path& release) const;

 private:
    void evict() const;

    std::filesystem::path directory_;
    file_owner owner_;
};

}  // namespace gasper::buildpacks
