#include "receiver/ssh/host_side.hpp"

#include "receiver/ssh/host_keys.hpp"

namespace gasper::receiver {

result<host_side> open_host(const std::filesystem::path& directory) {
    auto keys = ensure_host_keys(directory);
    if (!keys) return keys.error();
    host_side host{bind_ptr(ssh_bind_new()), {}};
    if (!host.bind) throw std::bad_alloc();
    auto* bind = host.bind.get();
    const bool no = false;
    const int quiet = SSH_LOG_NOLOG;
    ssh_bind_options_set(bind, SSH_BIND_OPTIONS_PROCESS_CONFIG, &no);
    ssh_bind_options_set(bind, SSH_BIND_OPTIONS_LOG_VERBOSITY, &quiet);
    // No group exchange: it would read the machine's moduli, and costs a stranger little and us much.
    ssh_bind_options_set(bind, SSH_BIND_OPTIONS_KEY_EXCHANGE,
                         "curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,ecdh-sha2-nistp384,"
                         "diffie-hellman-group16-sha512,diffie-hellman-group14-sha256");
    ssh_bind_options_set(bind, SSH_BIND_OPTIONS_HOSTKEY_ALGORITHMS, "ssh-ed25519,rsa-sha2-512,rsa-sha2-256");
    for (const auto& file : *keys) {
        ::ssh_key key = nullptr;
        if (ssh_pki_import_privkey_file(file.c_str(), nullptr, nullptr, nullptr, &key) != SSH_OK)
            return fail(errc::invalid, "host_key", file.string() + ": not a private key; remove it to have a new one");
        host.fingerprints.push_back(fingerprint_of(key));
        if (ssh_bind_options_set(bind, SSH_BIND_OPTIONS_IMPORT_KEY, key) != SSH_OK)  // takes it
            return fail(errc::invalid, "host_key", file.string() + ": libssh refuses this key");
    }
    return host;
}

}  // namespace gasper::receiver
