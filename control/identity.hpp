// Who is asking. Every use case of control takes one, and decides by it.
#pragma once

#include <string>

#include "core/model/model.hpp"

namespace gasper::control {

struct identity {
    user_id id;
    std::string name;
    bool admin{false};
};

}  // namespace gasper::control
