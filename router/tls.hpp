// TLS for clients: the table's certificates, chosen by the name the client asks for (SNI), and one session per
// connection. OpenSSL stays in the source file. A store is immutable and may be shared by threads; a session belongs to
// its stream.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/tables/table.hpp"

namespace gasper::router {

class certificate_store {
 public:
    /// Certificates that cannot be used (malformed, key and chain do not belong together) are left out and named in
    /// refused().
    certificate_store() : certificate_store(std::vector<certificate>{}) {}
    explicit certificate_store(const std::vector<certificate>& from);
    ~certificate_store();
    certificate_store(const certificate_store&) = delete;
    certificate_store& operator=(const certificate_store&) = delete;

    bool empty() const noexcept;
    const std::vector<std::string>& refused() const noexcept { return refused_; }

 private:
    friend class tls_session;
    struct contexts;
    std::unique_ptr<contexts> contexts_;
    std::vector<std::string> refused_;
};

class tls_session {
 public:
    static constexpr int want_read = -1, want_write = -2, ended = -3, failed = -4;

    /// The server's side over a connected, non-blocking socket.
    tls_session(std::shared_ptr<const certificate_store> certificates, int fd);
    ~tls_session();
    tls_session(const tls_session&) = delete;
    tls_session& operator=(const tls_session&) = delete;

    /// 1 when done, else one of the constants.
    int handshake();
    /// Bytes, or one of the constants.
    int read(char* data, std::size_t size);
    /// After want_read or want_write the same bytes must come again, at the front of `data`.
    int write(std::string_view data);
    /// Tells the peer that nothing more will come, if that can be done at once.
    void close_notify() noexcept;

    /// What is being written: gathered, so that a head and a small body become one record.
    std::string staged;

 private:
    struct state;
    std::unique_ptr<state> state_;
};

}  // namespace gasper::router
