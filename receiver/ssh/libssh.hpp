// libssh's handles, for this folder's own sources only: libssh's types appear in no public header.
#pragma once

#include <libssh/callbacks.h>
#include <libssh/libssh.h>
#include <libssh/server.h>

#include <string>

#include "core/base/handle.hpp"

namespace gasper::receiver {

using bind_ptr = handle<ssh_bind_struct, ssh_bind_free>;
using session_ptr = handle<ssh_session_struct, ssh_free>;
using event_ptr = handle<ssh_event_struct, ssh_event_free>;
using message_ptr = handle<ssh_message_struct, ssh_message_free>;
using key_ptr = handle<ssh_key_struct, ssh_key_free>;

/// "SHA256:…" as ssh-keygen -l prints; empty when the key cannot be hashed.
inline std::string fingerprint_of(::ssh_key key) {
    unsigned char* hash = nullptr;
    std::size_t size = 0;
    if (ssh_get_publickey_hash(key, SSH_PUBLICKEY_HASH_SHA256, &hash, &size) != 0) return {};
    char* text = ssh_get_fingerprint_hash(SSH_PUBLICKEY_HASH_SHA256, hash, size);
    std::string fingerprint = text ? text : "";
    ssh_string_free_char(text);
    ssh_clean_pubkey_hash(&hash);
    return fingerprint;
}

}  // namespace gasper::receiver
