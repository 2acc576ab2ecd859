#include "web/throttle.hpp"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <cmath>

namespace gasper::web {

namespace {

std::string name_key(std::string_view name, std::string_view network) {
    return "n" + std::string(network) + "\n" + std::string(name.substr(0, 64));
}
std::string address_key(std::string_view network) {
    return "a" + std::string(network);
}

}  // namespace

std::string throttled_network(std::string_view address) {
    namespace ip = boost::asio::ip;
    boost::system::error_code ec;
    const auto parsed = ip::make_address(std::string(address), ec);
    if (ec || parsed.is_v4()) return std::string(address);
    auto bytes = parsed.to_v6().to_bytes();
    if (parsed.to_v6().is_v4_mapped()) return ip::make_address_v4(ip::v4_mapped, parsed.to_v6()).to_string();
    std::fill(bytes.begin() + 8, bytes.end(), 0);
    return ip::address_v6(bytes).to_string();
}

login_throttle::bucket& login_throttle::refilled(const std::string& key, const rate& r, clock::time_point at) {
    auto [entry, fresh] = buckets_.try_emplace(key, bucket{r.burst, at});
    auto& b = entry->second;
    if (!fresh) {
        const std::chrono::duration<double> passed = at - b.at;
        b.left = std::min(r.burst, b.left + passed / r.refill);
        b.at = at;
    }
    return b;
}

std::chrono::seconds login_throttle::attempt(std::string_view name, std::string_view address, clock::time_point at) {
    make_room(at);
    const auto network = throttled_network(address);
    auto& named = refilled(name_key(name, network), per_name_, at);
    auto& addressed = refilled(address_key(network), per_address_, at);
    if (named.left >= 1 && addressed.left >= 1) {
        named.left -= 1;
        addressed.left -= 1;
        return std::chrono::seconds(0);
    }
    const auto wait = [](const bucket& b, const rate& r) {
        return std::max(0.0, 1 - b.left) * static_cast<double>(r.refill.count());
    };
    const double seconds = std::ceil(std::max(wait(named, per_name_), wait(addressed, per_address_)) - 1e-6);
    return std::chrono::seconds(std::max<std::int64_t>(1, static_cast<std::int64_t>(seconds)));
}

void login_throttle::forgive(std::string_view name, std::string_view address) {
    const auto network = throttled_network(address);
    buckets_.erase(name_key(name, network));
    if (auto at = buckets_.find(address_key(network)); at != buckets_.end())
        at->second.left = std::min(per_address_.burst, at->second.left + 1);
}

// Full buckets say nothing; when all say something, the one longest untouched goes.
void login_throttle::make_room(clock::time_point at) {
    if (buckets_.size() + 2 <= max_entries_) return;
    std::erase_if(buckets_, [&](const auto& entry) {
        const auto& r = entry.first.front() == 'n' ? per_name_ : per_address_;
        return entry.second.left + std::chrono::duration<double>(at - entry.second.at) / r.refill >= r.burst;
    });
    while (buckets_.size() + 2 > max_entries_) {
        auto oldest = std::min_element(buckets_.begin(), buckets_.end(),
                                       [](const auto& a, const auto& b) { return a.second.at < b.second.at; });
        buckets_.erase(oldest);
    }
}

}  // namespace gasper::web
