// What the server needs of the application behind it. Two exist: the API, and what the server's tests script.
#pragma once

#include <cstddef>

#include "web/http.hpp"

namespace gasper::web {

class application {
 public:
    virtual ~application() = default;
    /// Never throws but for cancellation.
    virtual task<response> handle(request r) = 0;
    /// How many bytes of body are read for a request with this head, before anything else is done for it.
    virtual std::size_t body_limit(const request& head) = 0;
};

}  // namespace gasper::web
