#include "web/access.hpp"

#include <algorithm>
#include <boost/asio/ip/address.hpp>

namespace gasper::web {

namespace {

constexpr std::string_view secure_cookie = "__Host-gasper_session";
constexpr std::string_view plain_cookie = "gasper_session";

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string_view last_of_list(std::string_view list) {
    return trimmed(list.substr(list.rfind(',') + 1));
}

bool numeric(std::string_view text) {
    boost::system::error_code ec;
    boost::asio::ip::make_address(std::string(text), ec);
    return !ec;
}

bool loopback(const std::string& peer) {
    boost::system::error_code ec;
    const auto address = boost::asio::ip::make_address(peer, ec);
    if (ec) return false;
    if (address.is_v6() && address.to_v6().is_v4_mapped())
        return boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, address.to_v6()).is_loopback();
    return address.is_loopback();
}

std::string lowered(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
    return out;
}

// The name of "name:port", "[::1]:port" or either without a port; empty when it is neither.
std::string host_name(std::string_view host) {
    if (host.starts_with('[')) {
        const auto end = host.find(']');
        if (end == std::string_view::npos) return {};
        const auto after = host.substr(end + 1);
        return after.empty() || after.front() == ':' ? std::string(host.substr(1, end - 1)) : std::string{};
    }
    auto name = lowered(host.substr(0, host.find(':')));
    if (name.ends_with('.')) name.pop_back();
    return name;
}

std::string_view cookie(const headers& fields, std::string_view name) {
    for (const auto& [field, value] : fields) {
        if (!same_ignoring_case(field, "Cookie")) continue;
        std::string_view rest = value;
        while (!rest.empty()) {
            const auto end = rest.find(';');
            const auto pair = trimmed(rest.substr(0, end));
            if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=')
                return pair.substr(name.size() + 1);
            if (end == std::string_view::npos) break;
            rest.remove_prefix(end + 1);
        }
    }
    return {};
}

}  // namespace

client client_of(const request& r) {
    client out{r.peer, false};
    if (!loopback(r.peer)) return out;
    const auto forwarded = last_of_list(r.fields.get("X-Forwarded-For"));
    if (numeric(forwarded)) out.address = std::string(forwarded);
    out.secure = same_ignoring_case(last_of_list(r.fields.get("X-Forwarded-Proto")), "https");
    return out;
}

bool host_allowed(const headers& fields, const options& o) {
    if (fields.count("Host") != 1) return false;
    const auto name = host_name(trimmed(fields.get("Host")));
    if (name.empty()) return false;
    if (numeric(name) || name == "localhost" || name.ends_with(".localhost")) return true;
    const auto domain = lowered(o.domain);
    return name == domain || name == "gasper." + domain ||
           std::any_of(o.hosts.begin(), o.hosts.end(), [&](const auto& h) { return lowered(h) == name; });
}

bool same_origin(const headers& fields) {
    const auto origin = fields.get("Origin");
    for (const std::string_view scheme : {"http://", "https://"})
        if (origin.starts_with(scheme))
            return same_ignoring_case(origin.substr(scheme.size()), trimmed(fields.get("Host")));
    return false;
}

std::optional<credential> credential_of(const headers& fields) {
    if (fields.has("Authorization")) {
        const auto value = trimmed(fields.get("Authorization"));
        constexpr std::string_view scheme = "Bearer ";
        const bool bearer = same_ignoring_case(value.substr(0, scheme.size()), scheme);
        return credential{bearer ? trimmed(value.substr(scheme.size())) : std::string_view{}, false};
    }
    for (const auto name : {secure_cookie, plain_cookie})
        if (const auto token = cookie(fields, name); !token.empty()) return credential{token, true};
    return std::nullopt;
}

std::string session_cookie(std::string_view token, std::chrono::seconds life, bool secure) {
    std::string out(secure ? secure_cookie : plain_cookie);
    out += '=';
    out += token;
    out += "; Path=/; HttpOnly; SameSite=Strict; Max-Age=" + std::to_string(token.empty() ? 0 : life.count());
    if (secure) out += "; Secure";
    return out;
}

void add_security_headers(headers& fields) {
    fields.set("Content-Security-Policy",
               "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
               "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'");
    fields.set("X-Content-Type-Options", "nosniff");
    fields.set("X-Frame-Options", "DENY");
    fields.set("Referrer-Policy", "no-referrer");
    fields.set("Cross-Origin-Resource-Policy", "same-origin");
    fields.set("Cross-Origin-Opener-Policy", "same-origin");
}

}  // namespace gasper::web
