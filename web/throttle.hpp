// Slows down password guessing. Two buckets of attempts that refill with time: one for a name from an address, one
// for the address with any name. An attempt is taken before the password is looked at, so guesses in parallel count,
// and given back when it was right. One executor, no locks; memory is bounded.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/base/error.hpp"

namespace gasper::web {

class login_throttle {
 public:
    using clock = std::chrono::steady_clock;

    struct rate {
        double burst;
        std::chrono::seconds refill;  // one attempt comes back
    };

    explicit login_throttle(rate per_name = {5, std::chrono::seconds(30)},
                            rate per_address = {20, std::chrono::seconds(10)}, std::size_t max_entries = 10'000)
        : per_name_(per_name), per_address_(per_address), max_entries_(max_entries) {}

    /// Takes an attempt. When there is none: how long to wait (at least a second). Zero: go on.
    std::chrono::seconds attempt(std::string_view name, std::string_view address, clock::time_point at = clock::now());
    /// The attempt was a right password.
    void forgive(std::string_view name, std::string_view address);

    std::size_t size() const noexcept { return buckets_.size(); }

 private:
    struct bucket {
        double left;
        clock::time_point at;
    };
    bucket& refilled(const std::string& key, const rate& r, clock::time_point at);
    void make_room(clock::time_point at);

    rate per_name_, per_address_;
    std::size_t max_entries_;
    std::unordered_map<std::string, bucket> buckets_;
};

/// What is throttled as one: an IPv4 address, or the /64 of an IPv6 address.
std::string throttled_network(std::string_view address);

}  // namespace gasper::web
