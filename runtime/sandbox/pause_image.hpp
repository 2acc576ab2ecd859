// The image of the network sandbox: one static program of a few kilobytes, carried in this library. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace gasper::runtime {

/// The program itself.
std::string_view pause_program() noexcept;
/// "gasper/sandbox:<hash of the program>"
std::string pause_image_reference();
/// A root file system with nothing else in it, as a tar to import.
std::string pause_image_tar();

/// One regular file as a POSIX ustar archive.
std::string tar_of(std::string_view path, std::string_view content, unsigned mode);

}  // namespace gasper::runtime
