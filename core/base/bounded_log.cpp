#include "core/base/bounded_log.hpp"

#include <fstream>

namespace gasper {

namespace {

namespace fs = std::filesystem;

bool copy_end(const fs::path& log, std::uintmax_t begin, const fs::path& copy) {
    std::ifstream from(log, std::ios::binary);
    std::ofstream to(copy, std::ios::binary | std::ios::trunc);
    std::error_code failed;
    // Before anything stands in it: not everybody may read a log.
    fs::permissions(copy, fs::status(log, failed).permissions(), failed);
    from.seekg(static_cast<std::streamoff>(begin));
    if (!from || !to || failed) return false;
    to << from.rdbuf();
    to.close();
    return !to.fail();
}

}  // namespace

void bound_log(const fs::path& log, std::uintmax_t most) {
    std::error_code failed;
    const auto size = fs::file_size(log, failed);
    if (failed || size <= most) return;
    auto former = log, copy = log;
    former += ".1";
    copy += ".1.new";
    if (!copy_end(log, size - most, copy)) {
        fs::remove(copy, failed);
        return;
    }
    fs::rename(copy, former, failed);
    if (!failed) fs::resize_file(log, 0, failed);
}

}  // namespace gasper
