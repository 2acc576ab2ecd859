// Says of certificates of doors that they are failing (`certificate.failing`). For control's own sources.
#pragma once

#include <vector>

#include "control/parts.hpp"

namespace gasper::control {

struct seen_door {
    exposure e;
    result<> opened;  // no refusal: it is open
};

/// Those that are there, looked at just now. Each reason is told once, over restarts too, to those who follow the
/// service and the apps that it is attached to.
task<> tell_of_certificates(parts& p, std::vector<seen_door> seen);

}  // namespace gasper::control
