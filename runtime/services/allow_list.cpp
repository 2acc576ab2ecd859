#include "runtime/services/allow_list.hpp"

#include <algorithm>
#include <charconv>
#include <span>

namespace gasper::runtime {

namespace ip = boost::asio::ip;

namespace {

error no_network(std::string_view text, const std::string& why) {
    return fail(errc::invalid, "allow_list", "'" + std::string(text.substr(0, 60)) + "': " + why);
}

bool same_front(std::span<const unsigned char> a, std::span<const unsigned char> b, int bits) noexcept {
    const auto whole = static_cast<std::size_t>(bits / 8);
    if (!std::equal(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(whole), b.begin())) return false;
    const auto left = bits % 8;
    return left == 0 || ((a[whole] ^ b[whole]) >> (8 - left)) == 0;
}

bool in_network(const ip::address& who, const ip::address& base, int prefix) noexcept {
    if (who.is_v4() != base.is_v4()) return false;
    if (who.is_v4()) return same_front(who.to_v4().to_bytes(), base.to_v4().to_bytes(), prefix);
    return same_front(who.to_v6().to_bytes(), base.to_v6().to_bytes(), prefix);
}

// Its lowest bit that is set stands no lower than the prefix.
bool ends_with_prefix(std::span<const unsigned char> base, int prefix) noexcept {
    for (auto bit = prefix; bit < static_cast<int>(base.size()) * 8; ++bit)
        if (base[static_cast<std::size_t>(bit / 8)] & (0x80 >> (bit % 8))) return false;
    return true;
}

bool is_base(const ip::address& a, int prefix) noexcept {
    if (a.is_v4()) return ends_with_prefix(a.to_v4().to_bytes(), prefix);
    return ends_with_prefix(a.to_v6().to_bytes(), prefix);
}

}  // namespace

result<allow_list::network> allow_list::parse_network(std::string_view text) {
    const auto slash = text.find('/');
    const auto address = text.substr(0, slash);
    boost::system::error_code ec;
    network n;
    n.base = ip::make_address(std::string(address), ec);
    // What make_address takes beyond that: "fe80::1%eth0".
    if (ec || address.find('%') != address.npos)
        return no_network(text, "not a network as 192.0.2.0/24 or 2001:db8::/32");
    if (n.base.is_v6() && n.base.to_v6().is_v4_mapped()) return no_network(text, "write it as an IPv4 network");
    const int longest = n.base.is_v4() ? 32 : 128;
    n.prefix = longest;
    if (slash != text.npos) {
        const auto digits = text.substr(slash + 1);
        const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), n.prefix);
        if (digits.empty() || fault != std::errc() || end != digits.data() + digits.size() || n.prefix < 0 ||
            n.prefix > longest)
            return no_network(text, "the prefix is 0 to " + std::to_string(longest));
    }
    if (!is_base(n.base, n.prefix)) return no_network(text, "bits below the prefix are set");
    return n;
}

result<allow_list> allow_list::parse(std::string_view text, bool anyone) {
    allow_list all;
    for (bool more = true; more;) {
        const auto comma = text.find(',');
        more = comma != text.npos;
        auto n = parse_network(text.substr(0, comma));
        if (!n) return n.error();
        if (!anyone && n->prefix < (n->base.is_v4() ? widest_v4 : widest_v6))
            return no_network(text.substr(0, comma), "this lets nearly anyone in; if that is meant, say --anyone");
        if (std::find(all.networks_.begin(), all.networks_.end(), *n) == all.networks_.end())
            all.networks_.push_back(std::move(*n));
        if (all.networks_.size() > most_networks)
            return fail(errc::invalid, "allow_list", "at most " + std::to_string(most_networks) + " networks");
        if (more) text.remove_prefix(comma + 1);
    }
    return all;
}

bool allow_list::contains(const ip::address& who) const noexcept {
    auto plain = who;
    if (who.is_v6() && who.to_v6().is_v4_mapped()) plain = ip::make_address_v4(ip::v4_mapped, who.to_v6());
    return std::any_of(networks_.begin(), networks_.end(),
                       [&](const network& n) { return in_network(plain, n.base, n.prefix); });
}

std::string allow_list::text() const {
    std::string out;
    for (const auto& n : networks_)
        out += (out.empty() ? "" : ",") + n.base.to_string() + "/" + std::to_string(n.prefix);
    return out;
}

}  // namespace gasper::runtime
