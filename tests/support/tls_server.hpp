// The server's end of a TLS connection for tests, blocking, with the patience of its tcp_peer.
#pragma once

#include "tests/support/test_certificate.hpp"

namespace gasper::test {

class tls_server_end {
 public:
    /// Shakes hands over what `below` holds open.
    tls_server_end(tcp_peer& below, const certificate& shown) {
        std::signal(SIGPIPE, SIG_IGN);
        const timeval patience{10, 0};
        ::setsockopt(below.fd(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        context_.reset(SSL_CTX_new(TLS_server_method()));
        BIO* chain = BIO_new_mem_buf(shown.chain.data(), static_cast<int>(shown.chain.size()));
        BIO* key = BIO_new_mem_buf(shown.key.data(), static_cast<int>(shown.key.size()));
        X509* x = PEM_read_bio_X509(chain, nullptr, nullptr, nullptr);
        EVP_PKEY* k = PEM_read_bio_PrivateKey(key, nullptr, nullptr, nullptr);
        SSL_CTX_use_certificate(context_.get(), x);
        SSL_CTX_use_PrivateKey(context_.get(), k);
        X509_free(x);
        EVP_PKEY_free(k);
        BIO_free(chain);
        BIO_free(key);
        ssl_.reset(SSL_new(context_.get()));
        SSL_set_fd(ssl_.get(), below.fd());
        accepted_ = SSL_accept(ssl_.get()) == 1;
    }
    bool accepted() const noexcept { return accepted_; }
    bool send(std::string_view data) { return SSL_write(ssl_.get(), data.data(), static_cast<int>(data.size())) > 0; }
    /// Up to and with `mark`; short when the other side ended or nothing came in time.
    std::string read_until(std::string_view mark) {
        while (held_.find(mark) == held_.npos && fill()) {
        }
        const auto at = held_.find(mark);
        return take(at == held_.npos ? held_.size() : at + mark.size());
    }
    std::string read_exactly(std::size_t n) {
        while (held_.size() < n && fill()) {
        }
        return take(std::min(n, held_.size()));
    }

 private:
    bool fill() {
        char data[16384];
        const int n = SSL_read(ssl_.get(), data, sizeof data);
        if (n > 0) held_.append(data, static_cast<std::size_t>(n));
        return n > 0;
    }
    std::string take(std::size_t n) {
        auto front = held_.substr(0, n);
        held_.erase(0, n);
        return front;
    }

    std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_{nullptr, SSL_CTX_free};
    std::unique_ptr<SSL, decltype(&SSL_free)> ssl_{nullptr, SSL_free};
    bool accepted_{false};
    std::string held_;
};

}  // namespace gasper::test
