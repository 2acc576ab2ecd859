#include "control/certificates/alarm.hpp"

namespace gasper::control {

namespace {

using days = std::chrono::duration<int, std::ratio<86400>>;

constexpr auto told_before_end = days(30);
constexpr auto well_before_end = days(37);  // a clock that is put right by little tells nothing twice

}  // namespace

certificate_decision decide(const certificate_look& look, sys_time now, const certificate_alarm& told) {
    certificate_decision d;
    d.alarm = told;
    if (told.certificate != look.fingerprint) d.alarm = {.certificate = look.fingerprint};
    if (look.valid && now >= look.valid->begins) {
        const auto left = look.valid->ends - now;
        if (left <= told_before_end && !d.alarm.ending) {
            d.alarm.ending = true;
            d.say.push_back((left <= left.zero() ? "it ended at " : "it ends at ") + to_rfc3339(look.valid->ends));
        } else if (left > well_before_end) {
            d.alarm.ending = false;
        }
    }
    if (!look.refused.empty() && look.refused != d.alarm.refused) d.say.push_back("it is not shown: " + look.why);
    d.alarm.refused = look.refused;
    return d;
}

}  // namespace gasper::control
