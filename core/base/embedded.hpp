// A text file of the tree that is part of the program, so that `gasper` is one file. Made by cmake/embed.cmake.
#pragma once

#include <string_view>

namespace gasper {

struct embedded_file {
    std::string_view path;  // relative to the embedded folder, with '/'
    std::string_view content;
    bool executable{false};
};

}  // namespace gasper
