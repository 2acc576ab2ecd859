// Whole files: read with a bound, replaced so that a crash leaves the old content or the new, never a part.
// Both block: on an event loop call them through a blocking_pool.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

#include "core/base/error.hpp"

namespace gasper {

/// errc::not_found when there is none, errc::too_large over `limit` bytes, errc::invalid when it is no regular file.
result<std::string> read_file(const std::filesystem::path& file, std::size_t limit);

/// Writes a temporary file in the same directory, fsyncs it, renames it over `file`, fsyncs the directory.
result<> replace_file(const std::filesystem::path& file, std::string_view content, unsigned mode = 0600);

}  // namespace gasper
