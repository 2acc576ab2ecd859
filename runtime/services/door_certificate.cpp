#include "runtime/services/door_certificate.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <boost/asio/ip/address.hpp>

#include "core/base/handle.hpp"

namespace gasper::runtime {

namespace {

using x509_handle = handle<X509, X509_free>;
using pkey_handle = handle<EVP_PKEY, EVP_PKEY_free>;
using bio_handle = handle<BIO, BIO_free>;
using extension_handle = handle<X509_EXTENSION, X509_EXTENSION_free>;

constexpr int ten_years = 3652;              // days
constexpr std::size_t longest_subject = 64;  // of a common name

std::string alternative_names(const std::vector<std::string>& hosts) {
    std::string all;
    for (const auto& host : hosts) {
        boost::system::error_code no_address;
        boost::asio::ip::make_address(host, no_address);
        all += (all.empty() ? "" : ",") + std::string(no_address ? "DNS:" : "IP:") + host;
    }
    return all;
}

// A host's name is part of OpenSSL's own notation.
bool is_host(const std::string& text) {
    return !text.empty() && text.size() <= 253 && std::all_of(text.begin(), text.end(), [](unsigned char c) {
        return c < 0x80 && (std::isalnum(c) || c == '.' || c == '-' || c == ':' || c == '_');
    });
}

bool add_extension(X509* to, int what, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, to, to, nullptr, nullptr, 0);
    const extension_handle made(X509V3_EXT_conf_nid(nullptr, &context, what, value.c_str()));
    return made && X509_add_ext(to, made.get(), -1) == 1;
}

bool give_number(X509* to) {
    std::array<unsigned char, 16> bytes{};
    if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) return false;
    bytes[0] = static_cast<unsigned char>((bytes[0] & 0x7f) | 0x40);
    const handle<BIGNUM, BN_free> value(BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
    return value && BN_to_ASN1_INTEGER(value.get(), X509_get_serialNumber(to)) != nullptr;
}

bool give_name(X509* to, const std::string& subject) {
    auto* entry = X509_get_subject_name(to);
    const auto text = subject.substr(0, longest_subject);
    return X509_NAME_add_entry_by_txt(entry, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(text.c_str()),
                                      -1, -1, 0) == 1 &&
           X509_set_issuer_name(to, entry) == 1;
}

bool fill_certificate(X509* x, EVP_PKEY* key, const std::vector<std::string>& hosts, sys_time at) {
    auto from = std::chrono::system_clock::to_time_t(at);
    return X509_set_version(x, X509_VERSION_3) == 1 && give_number(x) && give_name(x, hosts.front()) &&
           X509_time_adj_ex(X509_getm_notBefore(x), -1, 0, &from) &&
           X509_time_adj_ex(X509_getm_notAfter(x), ten_years, 0, &from) && X509_set_pubkey(x, key) == 1 &&
           add_extension(x, NID_basic_constraints, "critical,CA:FALSE") &&
           add_extension(x, NID_key_usage, "critical,digitalSignature") &&
           add_extension(x, NID_ext_key_usage, "serverAuth") && add_extension(x, NID_subject_key_identifier, "hash") &&
           add_extension(x, NID_subject_alt_name, alternative_names(hosts)) && X509_sign(x, key, EVP_sha256()) > 0;
}

std::string pem_of(BIO* bio) {
    char* data = nullptr;
    const auto size = BIO_get_mem_data(bio, &data);
    return {data, static_cast<std::size_t>(size)};
}

}  // namespace

result<door_certificate> make_door_certificate(const std::vector<std::string>& hosts, sys_time at) {
    if (hosts.empty() || !std::all_of(hosts.begin(), hosts.end(), is_host))
        return fail(errc::invalid, "certificate_host", "a certificate is for names and addresses of hosts");
    const pkey_handle key(EVP_EC_gen("P-256"));
    const x509_handle x(X509_new());
    const bio_handle certificate(BIO_new(BIO_s_mem())), secret(BIO_new(BIO_s_mem()));
    if (!key || !x || !certificate || !secret || !fill_certificate(x.get(), key.get(), hosts, at) ||
        PEM_write_bio_X509(certificate.get(), x.get()) != 1 ||
        PEM_write_bio_PKCS8PrivateKey(secret.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1)
        return fail(errc::failed, "certificate", "a certificate for " + hosts.front() + " could not be made");
    return door_certificate{pem_of(certificate.get()), pem_of(secret.get())};
}

std::string fingerprint_of(const std::string& certificate) {
    const bio_handle text(BIO_new_mem_buf(certificate.data(), static_cast<int>(certificate.size())));
    const x509_handle x(text ? PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr) : nullptr);
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    if (!x || X509_digest(x.get(), EVP_sha256(), digest.data(), &size) != 1) return {};
    std::string out;
    for (unsigned i = 0; i < size; ++i)
        out += fmt::format("{}{:02X}", out.empty() ? "" : ":", digest[i]);
    return out;
}

}  // namespace gasper::runtime
