// What people were told of a certificate that is failing.
#pragma once

#include <string>

namespace gasper {

struct certificate_alarm {
    std::string certificate;  // its fingerprint
    bool ending{false};       // that it ends soon
    std::string refused;      // the code of why it is not shown; empty: nothing
    bool operator==(const certificate_alarm&) const = default;
};

}  // namespace gasper
