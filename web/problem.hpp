// Refusals as people and programs see them: application/problem+json (RFC 9457) with our stable `code`.
#pragma once

#include "core/base/error.hpp"
#include "web/http.hpp"

namespace gasper::web {

int status_of(errc kind) noexcept;
response problem(const error& why);
/// The same with a status that has no errc of its own (400, 405, 415, 421 …).
response problem(int status, const error& why);

}  // namespace gasper::web
