// Bounds a log that a process holds open and appends to, for as long as it lives.
#pragma once

#include <cstdint>
#include <filesystem>

namespace gasper {

/// When `log` is longer than `most` bytes, its newest `most` bytes become `log`.1 and it begins anew, as the same file:
/// whoever appends to it (O_APPEND) goes on. A line that is written in that very moment may be lost. Left as it is when
/// the disk has no room for the copy.
void bound_log(const std::filesystem::path& log, std::uintmax_t most);

}  // namespace gasper
