// Which names a pushed ref may have: the rules of git-check-ref-format(1), below refs/.
#pragma once

#include <string_view>

namespace gasper::receiver {

/// At most 255 bytes, "refs/<something>/<something>", and git's own rules.
bool is_valid_ref_name(std::string_view name) noexcept;

}  // namespace gasper::receiver
