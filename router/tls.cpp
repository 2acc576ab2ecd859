#include "router/tls.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <map>

#include "core/base/handle.hpp"

namespace gasper::router {

namespace {

using context_handle = handle<SSL_CTX, SSL_CTX_free>;
using bio_handle = handle<BIO, BIO_free_all>;
using key_handle = handle<EVP_PKEY, EVP_PKEY_free>;
using x509_handle = handle<X509, X509_free>;

/// HTTP/1.1 is all that is spoken here. A client that offers only other protocols gets no agreement, not a failure.
int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in, unsigned in_size,
                    void*) {
    static constexpr unsigned char ours[] = "\x08http/1.1";
    unsigned char* chosen = nullptr;
    if (SSL_select_next_proto(&chosen, out_size, ours, sizeof ours - 1, in, in_size) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_NOACK;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

context_handle new_context() {
    context_handle context(SSL_CTX_new(TLS_server_method()));
    if (!context) throw std::bad_alloc();
    SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
    SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                           SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(context.get(),
                     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_read_ahead(context.get(), 1);
    SSL_CTX_set_alpn_select_cb(context.get(), choose_protocol, nullptr);
    return context;
}

bio_handle bio_of(const std::string& text) {
    return bio_handle(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

/// No key has a passphrase here, and nobody is to be asked for one.
int no_passphrase(char*, int, int, void*) {
    return 0;
}

/// The leaf first, then the intermediates. Null: not usable.
context_handle context_of(const certificate& c) {
    auto context = new_context();
    const auto chain = bio_of(c.chain);
    const auto key_text = bio_of(c.key);
    const x509_handle leaf(PEM_read_bio_X509(chain.get(), nullptr, no_passphrase, nullptr));
    const key_handle key(PEM_read_bio_PrivateKey(key_text.get(), nullptr, no_passphrase, nullptr));
    bool usable = leaf && key && SSL_CTX_use_certificate(context.get(), leaf.get()) == 1 &&
                  SSL_CTX_use_PrivateKey(context.get(), key.get()) == 1 &&
                  SSL_CTX_check_private_key(context.get()) == 1;
    while (usable) {
        x509_handle next(PEM_read_bio_X509(chain.get(), nullptr, no_passphrase, nullptr));
        if (!next) break;
        usable = SSL_CTX_add0_chain_cert(context.get(), next.get()) == 1;
        if (usable) static_cast<void>(next.release());
    }
    ERR_clear_error();
    return usable ? std::move(context) : nullptr;
}

std::string lower_case(std::string_view name) {
    std::string out(name);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
    return out;
}

}  // namespace

struct certificate_store::contexts {
    context_handle first;  // for clients that name nobody we know, and where every session begins
    std::vector<context_handle> all;
    std::map<std::string, SSL_CTX*> by_name;

    SSL_CTX* find(const std::string& name) const {
        if (const auto at = by_name.find(name); at != by_name.end()) return at->second;
        const auto dot = name.find('.');
        if (dot == std::string::npos) return nullptr;
        const auto at = by_name.find("*" + name.substr(dot));
        return at == by_name.end() ? nullptr : at->second;
    }

    static int on_name(SSL* ssl, int*, void* self) {
        const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
        if (name == nullptr) return SSL_TLSEXT_ERR_NOACK;
        auto* context = static_cast<const contexts*>(self)->find(lower_case(name));
        if (context == nullptr) return SSL_TLSEXT_ERR_NOACK;
        return SSL_set_SSL_CTX(ssl, context) ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
    }
};

certificate_store::certificate_store(const std::vector<certificate>& from) : contexts_(std::make_unique<contexts>()) {
    for (const auto& c : from) {
        auto context = context_of(c);
        if (!context) {
            refused_.push_back(c.names.empty() ? "(no name)" : c.names.front());
            continue;
        }
        for (const auto& name : c.names)
            contexts_->by_name.emplace(lower_case(name), context.get());
        if (!contexts_->first) contexts_->first = context_of(c);
        contexts_->all.push_back(std::move(context));
    }
    if (!contexts_->first) return;
    SSL_CTX_set_tlsext_servername_callback(contexts_->first.get(), contexts::on_name);
    SSL_CTX_set_tlsext_servername_arg(contexts_->first.get(), contexts_.get());
}

certificate_store::~certificate_store() = default;

bool certificate_store::empty() const noexcept {
    return !contexts_->first;
}

struct tls_session::state {
    std::shared_ptr<const certificate_store> certificates;  // the name callback needs it
    handle<SSL, SSL_free> ssl;

    int outcome(int result) {
        switch (SSL_get_error(ssl.get(), result)) {
            case SSL_ERROR_WANT_READ:
                return want_read;
            case SSL_ERROR_WANT_WRITE:
                return want_write;
            case SSL_ERROR_ZERO_RETURN:
                return ended;
            default:
                ERR_clear_error();
                return failed;
        }
    }
};

tls_session::tls_session(std::shared_ptr<const certificate_store> certificates, int fd)
    : state_(std::make_unique<state>()) {
    state_->certificates = std::move(certificates);
    state_->ssl.reset(SSL_new(state_->certificates->contexts_->first.get()));
    if (!state_->ssl || SSL_set_fd(state_->ssl.get(), fd) != 1) throw std::bad_alloc();
    SSL_set_accept_state(state_->ssl.get());
}

tls_session::~tls_session() = default;

int tls_session::handshake() {
    ERR_clear_error();
    const int done = SSL_do_handshake(state_->ssl.get());
    return done == 1 ? 1 : state_->outcome(done);
}

int tls_session::read(char* data, std::size_t size) {
    ERR_clear_error();
    const int n = SSL_read(state_->ssl.get(), data, static_cast<int>(size));
    return n > 0 ? n : state_->outcome(n);
}

int tls_session::write(std::string_view data) {
    ERR_clear_error();
    const int n = SSL_write(state_->ssl.get(), data.data(), static_cast<int>(data.size()));
    return n > 0 ? n : state_->outcome(n);
}

void tls_session::close_notify() noexcept {
    ERR_clear_error();
    if (SSL_is_init_finished(state_->ssl.get())) SSL_shutdown(state_->ssl.get());
    ERR_clear_error();
}

}  // namespace gasper::router
