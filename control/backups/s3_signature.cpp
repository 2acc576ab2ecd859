#include "control/backups/s3_signature.hpp"

#include <fmt/format.h>
#include <openssl/hmac.h>

#include "core/base/crypto.hpp"

namespace gasper::control {

namespace {

std::string hmac(std::string_view key, std::string_view text) {
    std::string digest(EVP_MAX_MD_SIZE, '\0');
    unsigned size = 0;
    HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()),
         text.size(), reinterpret_cast<unsigned char*>(digest.data()), &size);
    digest.resize(size);
    return digest;
}

std::string hex(std::string_view bytes) {
    std::string out;
    for (const unsigned char c : bytes)
        out += fmt::format("{:02x}", c);
    return out;
}

}  // namespace

std::string s3_escape(std::string_view text, bool path) {
    std::string out;
    for (const char c : text) {
        const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
                           c == '.' || c == '_' || c == '~' || (path && c == '/');
        if (plain)
            out += c;
        else
            out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return out;
}

std::string s3_query(const std::map<std::string, std::string>& query) {
    std::string out;
    for (const auto& [name, value] : query)
        out += (out.empty() ? "" : "&") + s3_escape(name, false) + "=" + s3_escape(value, false);
    return out;
}

std::string s3_time(std::chrono::sys_seconds at) {
    const auto day = std::chrono::floor<std::chrono::days>(at);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss time(at - day);
    return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), time.hours().count(),
                       time.minutes().count(), time.seconds().count());
}

std::string s3_authorization(const s3_request& request, const s3_keys& keys, std::chrono::sys_seconds at) {
    std::string fields, names;
    for (const auto& [name, value] : request.fields) {
        fields += name + ":" + value + "\n";
        names += (names.empty() ? "" : ";") + name;
    }
    const auto canonical = request.method + "\n" + s3_escape(request.path, true) + "\n" + s3_query(request.query) +
                           "\n" + fields + "\n" + names + "\n" + request.body_sha256;
    const auto time = s3_time(at);
    const auto scope = time.substr(0, 8) + "/" + keys.region + "/s3/aws4_request";
    const auto text = "AWS4-HMAC-SHA256\n" + time + "\n" + scope + "\n" + sha256_hex(canonical);
    auto key = hmac("AWS4" + keys.secret_key, time.substr(0, 8));
    for (const std::string_view part :
         {std::string_view(keys.region), std::string_view("s3"), std::string_view("aws4_request")})
        key = hmac(key, part);
    return "AWS4-HMAC-SHA256 Credential=" + keys.access_key + "/" + scope + ",SignedHeaders=" + names +
           ",Signature=" + hex(hmac(key, text));
}

}  // namespace gasper::control
