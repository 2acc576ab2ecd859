#include "runtime/services/door_certificate.hpp"

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "core/base/handle.hpp"

namespace gasper::runtime {
namespace {

using parsed = handle<X509, X509_free>;

parsed parse_certificate(const std::string& pem) {
    const handle<BIO, BIO_free> text(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    return parsed(PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr));
}

TEST(door_certificate_test, is_for_its_hosts_and_no_other) {
    const auto made = make_door_certificate({"db.example.org", "203.0.113.7", "2001:db8::1"});
    ASSERT_TRUE(made) << made.error().message;
    const auto x = parse_certificate(made->certificate);
    ASSERT_TRUE(x);
    EXPECT_EQ(X509_check_host(x.get(), "db.example.org", 0, 0, nullptr), 1);
    EXPECT_EQ(X509_check_host(x.get(), "example.org", 0, 0, nullptr), 0);
    EXPECT_EQ(X509_check_ip_asc(x.get(), "203.0.113.7", 0), 1);
    EXPECT_EQ(X509_check_ip_asc(x.get(), "2001:db8::1", 0), 1);
    EXPECT_EQ(X509_check_ip_asc(x.get(), "203.0.113.8", 0), 0);
    EXPECT_EQ(X509_check_ca(x.get()), 0) << "whoever trusts it trusts nothing that it could sign";
}

// Strictly, as Python's ssl does it by default from 3.13 on.
TEST(door_certificate_test, verifies_when_it_is_the_one_that_is_trusted) {
    const auto made = make_door_certificate({"db.example.org"}), other = make_door_certificate({"db.example.org"});
    const auto x = parse_certificate(made->certificate), y = parse_certificate(other->certificate);
    const auto verifies = [](X509* shown, X509* trusted) {
        const handle<X509_STORE, X509_STORE_free> store(X509_STORE_new());
        X509_STORE_add_cert(store.get(), trusted);
        X509_STORE_set_flags(store.get(), X509_V_FLAG_X509_STRICT);
        const handle<X509_STORE_CTX, X509_STORE_CTX_free> check(X509_STORE_CTX_new());
        X509_STORE_CTX_init(check.get(), store.get(), shown, nullptr);
        X509_STORE_CTX_set_default(check.get(), "ssl_server");
        return X509_verify_cert(check.get()) == 1;
    };
    EXPECT_TRUE(verifies(x.get(), x.get()));
    EXPECT_FALSE(verifies(x.get(), y.get()));
    EXPECT_NE(fingerprint_of(made->certificate), fingerprint_of(other->certificate));
    EXPECT_EQ(fingerprint_of(made->certificate).size(), 32u * 3 - 1);
    EXPECT_EQ(fingerprint_of("-----BEGIN"), "");
}

TEST(door_certificate_test, refuses_what_is_no_host) {
    for (const char* host : {"", "a b", "a,DNS:b", "a\nb", "ä.example"})
        EXPECT_FALSE(make_door_certificate({host})) << host;
    EXPECT_FALSE(make_door_certificate({}));
}

TEST(door_certificate_test, its_key_is_its_own) {
    const auto made = make_door_certificate({std::string(100, 'a') + ".example.org"});
    ASSERT_TRUE(made) << "longer than a common name may be";
    const handle<BIO, BIO_free> text(BIO_new_mem_buf(made->key.data(), static_cast<int>(made->key.size())));
    const handle<EVP_PKEY, EVP_PKEY_free> key(PEM_read_bio_PrivateKey(text.get(), nullptr, nullptr, nullptr));
    EXPECT_EQ(X509_check_private_key(parse_certificate(made->certificate).get(), key.get()), 1);
}

}  // namespace
}  // namespace gasper::runtime
