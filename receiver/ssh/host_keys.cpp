#include "receiver/ssh/host_keys.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "receiver/ssh/libssh.hpp"

namespace gasper::receiver {

namespace fs = std::filesystem;

namespace {

result<std::string> generate(ssh_keytypes_e type, int bits) {
    ::ssh_key raw = nullptr;
    if (ssh_pki_generate(type, bits, &raw) != SSH_OK)
        return fail(errc::unavailable, "host_key", "a host key cannot be made");
    key_ptr key(raw);
    char* text = nullptr;
    if (ssh_pki_export_privkey_base64(raw, nullptr, nullptr, nullptr, &text) != SSH_OK)
        return fail(errc::unavailable, "host_key", "a host key cannot be written");
    std::string exported = text;
    ssh_string_free_char(text);
    return exported;
}

// Written beside its place and renamed: a half-written key is never one.
result<> store(const fs::path& file, const std::string& text) {
    const auto draft = file.string() + ".new";
    ::unlink(draft.c_str());
    unique_fd fd(::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    const bool written = fd && ::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                         ::fsync(fd.get()) == 0 && ::rename(draft.c_str(), file.c_str()) == 0;
    if (!written) return fail(errc::unavailable, "host_key", file.string() + ": " + std::strerror(errno));
    return {};
}

result<> ensure(const fs::path& file, ssh_keytypes_e type, int bits) {
    struct stat st {};
    if (::stat(file.c_str(), &st) == 0) {
        if ((st.st_mode & 077) != 0)
            return fail(errc::invalid, "host_key", file.string() + ": others can read it; chmod 600 it");
        return {};
    }
    auto text = generate(type, bits);
    if (!text) return text.error();
    return store(file, *text);
}

}  // namespace

result<std::vector<fs::path>> ensure_host_keys(const fs::path& directory) {
    std::error_code ec;
    fs::create_directories(directory, ec);
    if (ec) return fail(errc::unavailable, "host_key", directory.string() + ": " + ec.message());
    const std::vector<fs::path> files{directory / "ssh_host_ed25519_key", directory / "ssh_host_rsa_key"};
    if (auto made = ensure(files[0], SSH_KEYTYPE_ED25519, 0); !made) return made.error();
    if (auto made = ensure(files[1], SSH_KEYTYPE_RSA, 3072); !made) return made.error();
    return files;
}

}  // namespace gasper::receiver
