// What a certificate says of itself, whoever shows it. Values; any thread.
#pragma once

#include <optional>
#include <string>

#include "core/model/model.hpp"

namespace gasper::runtime {

struct certificate_validity {
    sys_time begins{}, ends{};
};

/// Of the first certificate in a PEM text; none: there is none that can be read.
std::optional<certificate_validity> validity_of(const std::string& pem);

}  // namespace gasper::runtime
