// The little that control does with repositories itself. Blocking: call on a blocking pool.
#pragma once

#include <filesystem>
#include <string>

#include "core/base/error.hpp"

namespace gasper::control {

/// A bare repository whose HEAD is refs/heads/main, made when it is not there.
result<> ensure_repository(const std::filesystem::path& at);

/// The commit a ref points at, zeros when there is none.
result<std::string> ref_target(const std::filesystem::path& repository, const std::string& ref);

/// Moves a ref from `from` (zeros: it must not exist) to `to`; errc::conflict when it is elsewhere by now.
result<> move_ref(const std::filesystem::path& repository, const std::string& ref, const std::string& from,
                  const std::string& to);

}  // namespace gasper::control
