#include "web/tokens.hpp"

#include <algorithm>
#include <charconv>
#include <jwt/jwt.hpp>

#include "core/base/crypto.hpp"

namespace gasper::web {

namespace {

constexpr std::size_t max_size = 1024;
constexpr const char* issuer = "gasper";

error invalid() {
    return fail(errc::unauthenticated, "token_invalid", "this token is not one of this server's: log in again");
}

// The form of a JWS, before the library decodes it: three parts of base64url.
bool well_formed(std::string_view text) {
    const auto plain = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' ||
               c == '.';
    };
    return text.size() <= max_size && std::count(text.begin(), text.end(), '.') == 2 && text.front() != '.' &&
           text.back() != '.' && text.find("..") == std::string_view::npos &&
           std::all_of(text.begin(), text.end(), plain);
}

}  // namespace

// The key goes through the library as text, so it is written as text.
tokens::tokens(std::string_view key, std::chrono::seconds life) : key_(base64url(key)), life_(life) {}

tokens::issued tokens::issue(user_id who, sys_time at) const {
    const sys_time expires = at + life_;
    jwt::jwt_object token{jwt::params::algorithm("HS256"), jwt::params::secret(key_)};
    token.add_claim("iss", issuer)
        .add_claim("sub", std::to_string(who.value))
        .add_claim("iat", std::chrono::time_point_cast<std::chrono::system_clock::duration>(at))
        .add_claim("exp", std::chrono::time_point_cast<std::chrono::system_clock::duration>(expires));
    return {token.signature(), expires};
}

result<user_id> tokens::verify(std::string_view text) const {
    if (text.empty() || !well_formed(text)) return invalid();
    try {
        std::error_code ec;
        const auto token =
            jwt::decode(jwt::string_view(text.data(), text.size()), jwt::params::algorithms({"HS256"}), ec,
                        jwt::params::secret(key_), jwt::params::verify(true), jwt::params::issuer(issuer));
        if (ec == jwt::VerificationErrc::TokenExpired)
            return fail(errc::unauthenticated, "token_expired", "this login has ended: log in again");
        if (ec || !token.has_claim("exp") || !token.has_claim("sub")) return invalid();
        const auto subject = token.payload().get_claim_value<std::string>("sub");
        user_id who;
        const auto [end, bad] = std::from_chars(subject.data(), subject.data() + subject.size(), who.value);
        if (bad != std::errc{} || end != subject.data() + subject.size() || who.value <= 0) return invalid();
        return who;
    } catch (const std::exception&) {  // the library throws on some forms of nonsense even in its error_code form
        return invalid();
    }
}

}  // namespace gasper::web
