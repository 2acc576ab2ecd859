// Self-signed certificates for tests, and a TLS client that tells which one it was shown.
#pragma once

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <csignal>
#include <memory>
#include <string>

#include "core/tables/table.hpp"
#include "tests/support/tcp_peer.hpp"

namespace gasper::test {

inline std::string pem_text(BIO* bio) {
    char* data = nullptr;
    const auto size = BIO_get_mem_data(bio, &data);
    std::string text(data, static_cast<std::size_t>(size));
    BIO_free(bio);
    return text;
}

/// For `name`, valid for a day.
inline certificate self_signed(const std::string& name) {
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* x = X509_new();
    ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
    X509_gmtime_adj(X509_getm_notBefore(x), -3600);
    X509_gmtime_adj(X509_getm_notAfter(x), 86400);
    X509_set_pubkey(x, key);
    auto* subject = X509_get_subject_name(x);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(name.c_str()), -1,
                               -1, 0);
    X509_set_issuer_name(x, subject);
    X509_sign(x, key, EVP_sha256());
    BIO* chain = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(chain, x);
    BIO* key_text = BIO_new(BIO_s_mem());
    PEM_write_bio_PrivateKey(key_text, key, nullptr, nullptr, 0, nullptr, nullptr);
    X509_free(x);
    EVP_PKEY_free(key);
    return {{name}, pem_text(chain), pem_text(key_text)};
}

/// A blocking TLS connection that asks for `name`.
class tls_peer {
 public:
    tls_peer(std::uint16_t port, const std::string& name) : tls_peer(tcp_peer::connect(port), name) {}
    /// Over what is open already, of which nothing is held.
    tls_peer(tcp_peer below, const std::string& name) : socket_(std::move(below)) {
        std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL, and the server may be gone
        const timeval patience{10, 0};
        ::setsockopt(socket_.fd(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        context_.reset(SSL_CTX_new(TLS_client_method()));
        ssl_.reset(SSL_new(context_.get()));
        SSL_set_fd(ssl_.get(), socket_.fd());
        if (!name.empty()) SSL_set_tlsext_host_name(ssl_.get(), name.c_str());
        connected_ = SSL_connect(ssl_.get()) == 1;
    }
    bool connected() const noexcept { return connected_; }
    /// The name in the certificate that was shown.
    std::string shown() const {
        char name[256]{};
        X509* x = SSL_get1_peer_certificate(ssl_.get());
        if (x == nullptr) return {};
        X509_NAME_get_text_by_NID(X509_get_subject_name(x), NID_commonName, name, sizeof name);
        X509_free(x);
        return name;
    }
    bool send(const std::string& data) { return SSL_write(ssl_.get(), data.data(), static_cast<int>(data.size())) > 0; }
    /// TLS's farewell: what the other side says still arrives.
    void end() { SSL_shutdown(ssl_.get()); }
    tcp_peer& below() { return socket_; }
    /// Short when the other side ended.
    std::string read_exactly(std::size_t n) {
        std::string all(n, 0);
        std::size_t at = 0;
        for (int got; at < n && (got = SSL_read(ssl_.get(), all.data() + at, static_cast<int>(n - at))) > 0;)
            at += static_cast<std::size_t>(got);
        all.resize(at);
        return all;
    }
    std::string read_to_end() {
        std::string all;
        char data[16384];
        for (int n; (n = SSL_read(ssl_.get(), data, sizeof data)) > 0;)
            all.append(data, static_cast<std::size_t>(n));
        return all;
    }

 private:
    tcp_peer socket_;
    std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_{nullptr, SSL_CTX_free};
    std::unique_ptr<SSL, decltype(&SSL_free)> ssl_{nullptr, SSL_free};
    bool connected_{false};
};

}  // namespace gasper::test
