#include "core/model/autoscaling.hpp"

#include <fmt/format.h>

namespace gasper {

namespace {

constexpr int most_instances = 100;

error wrong(const std::string& what) {
    return fail(errc::invalid, "autoscale_invalid", what);
}

}  // namespace

result<> check_rule(const autoscale_rule& r) {
    using std::chrono::seconds;
    if (r.least < 1 || r.most > most_instances || r.least > r.most)
        return wrong(
            fmt::format("1 <= min <= max <= {}; for none without requests there is ps:autosleep", most_instances));
    // Written so that a NaN is refused too.
    if (r.signal == scale_signal::queue && !(r.target >= 0.1 && r.target <= 10'000))
        return wrong("an instance carries 0.1 to 10000 requests at once");
    if (r.signal == scale_signal::cpu && !(r.target >= 5 && r.target <= 95))
        return wrong("the aim for the CPU is 5 to 95 percent");
    if (r.cooldown < seconds(10) || r.cooldown > seconds(3600)) return wrong("the cool-down is 10 to 3600 seconds");
    return {};
}

std::string in_words(const autoscale_rule& r) {
    if (r.signal == scale_signal::cpu) return fmt::format("{} to {}, {:g} % CPU", r.least, r.most, r.target);
    return fmt::format("{} to {}, {:g} requests each", r.least, r.most, r.target);
}

}  // namespace gasper
