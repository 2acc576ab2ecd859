// When a certificate is failing, and what is to be told of it: a decision over values, the same for every certificate
// that Gasper shows.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/model/certificate_alarm.hpp"
#include "runtime/certificates/facts.hpp"

namespace gasper::control {

/// What a look at a certificate found.
struct certificate_look {
    std::string fingerprint;
    std::optional<runtime::certificate_validity> valid;  // none: it cannot be read
    std::string refused;                                 // the code of why nothing is shown with it; empty: it is
    std::string why;                                     // the same for people
};

struct certificate_decision {
    certificate_alarm alarm;       // what has been told from now on
    std::vector<std::string> say;  // an event for each
};

/// Each reason once for each certificate, and again when it was well in between. A clock before the certificate's
/// own beginning is wrong: what was told of its end stays as it is.
certificate_decision decide(const certificate_look& look, sys_time now, const certificate_alarm& told);

}  // namespace gasper::control
