#include "runtime/certificates/facts.hpp"

#include <openssl/pem.h>
#include <openssl/x509.h>

#include <ctime>

#include "core/base/handle.hpp"

namespace gasper::runtime {

namespace {

std::optional<sys_time> moment_of(const ASN1_TIME* at) {
    std::tm parts{};
    if (ASN1_TIME_to_tm(at, &parts) != 1) return std::nullopt;
    const std::chrono::year_month_day day{std::chrono::year(parts.tm_year + 1900),
                                          std::chrono::month(static_cast<unsigned>(parts.tm_mon) + 1),
                                          std::chrono::day(static_cast<unsigned>(parts.tm_mday))};
    if (!day.ok()) return std::nullopt;
    return sys_time(std::chrono::sys_days(day) + std::chrono::hours(parts.tm_hour) +
                    std::chrono::minutes(parts.tm_min) + std::chrono::seconds(parts.tm_sec));
}

}  // namespace

std::optional<certificate_validity> validity_of(const std::string& pem) {
    const handle<BIO, BIO_free> text(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    const handle<X509, X509_free> x(text ? PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr) : nullptr);
    if (!x) return std::nullopt;
    const auto begins = moment_of(X509_get0_notBefore(x.get()));
    const auto ends = moment_of(X509_get0_notAfter(x.get()));
    if (!begins || !ends) return std::nullopt;
    return certificate_validity{*begins, *ends};
}

}  // namespace gasper::runtime
