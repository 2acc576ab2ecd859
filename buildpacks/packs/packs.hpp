// The packs, one function each, and the scripts they share. Any thread.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "buildpacks/pack.hpp"
#include "core/base/embedded.hpp"

namespace gasper::buildpacks {

std::unique_ptr<pack> static_pack();
std::unique_ptr<pack> php_pack();
std::unique_ptr<pack> python_pack();
std::unique_ptr<pack> node_pack();
std::unique_ptr<pack> go_pack();
std::unique_ptr<pack> ruby_pack();

/// packs/**.sh, part of the program.
std::span<const embedded_file> pack_scripts();

/// The common beginning and packs/<language>/compile.sh.
std::string compile_script(std::string_view language);

/// "'it'\''s'": one word for a shell, whatever is in it.
std::string shell_quoted(std::string_view text);

}  // namespace gasper::buildpacks
