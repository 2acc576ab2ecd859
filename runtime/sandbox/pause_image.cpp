#include "runtime/sandbox/pause_image.hpp"

#include <fmt/format.h>

#include "core/base/crypto.hpp"

__asm__(
    ".section .rodata\n"
    ".global gasper_pause_begin\n"
    ".global gasper_pause_end\n"
    "gasper_pause_begin:\n"
    ".incbin \"" GASPER_PAUSE_BINARY
    "\"\n"
    "gasper_pause_end:\n"
    ".byte 0\n"
    ".text\n");

extern "C" {
extern const char gasper_pause_begin[] __attribute__((visibility("hidden")));
extern const char gasper_pause_end[] __attribute__((visibility("hidden")));
}

namespace gasper::runtime {

std::string_view pause_program() noexcept {
    return {gasper_pause_begin, static_cast<std::size_t>(gasper_pause_end - gasper_pause_begin)};
}

std::string pause_image_reference() {
    return "gasper/sandbox:" + sha256_hex(pause_program()).substr(0, 16);
}

std::string pause_image_tar() {
    return tar_of("pause", pause_program(), 0755);
}

std::string tar_of(std::string_view path, std::string_view content, unsigned mode) {
    std::string head(512, '\0');
    const auto put = [&](std::size_t at, const std::string& text) { head.replace(at, text.size(), text); };
    put(0, std::string(path.substr(0, 99)));
    put(100, fmt::format("{:07o}", mode));
    put(108, "0000000");
    put(116, "0000000");
    put(124, fmt::format("{:011o}", content.size()));
    put(136, "00000000000");
    put(148, "        ");
    head[156] = '0';
    put(257, "ustar");
    put(263, "00");
    unsigned sum = 0;
    for (const unsigned char c : head)
        sum += c;
    put(148, fmt::format("{:06o}", sum));
    head[154] = '\0';
    std::string tar = head + std::string(content);
    tar.resize((tar.size() + 511) / 512 * 512 + 1024, '\0');
    return tar;
}

}  // namespace gasper::runtime
