#include "core/base/git_library.hpp"

#include <git2.h>

namespace gasper {

namespace {

struct library {
    library() { git_libgit2_init(); }
    ~library() { git_libgit2_shutdown(); }
};

}  // namespace

void use_git_library() {
    static const library for_life;
}

}  // namespace gasper
