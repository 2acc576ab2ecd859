// How git itself is run: with an environment of our own, so that no configuration of the machine or of the person who
// started Gasper changes what a push or a fetch does.
#pragma once

#include <filesystem>
#include <map>
#include <string>

namespace gasper::receiver {

std::map<std::string, std::string> git_environment(const std::filesystem::path& repository);

}  // namespace gasper::receiver
