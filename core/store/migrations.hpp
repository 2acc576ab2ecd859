// The schema's history: step n takes version n-1 to n. Steps are never edited once released; add one.
#pragma once

#include <vector>

namespace gasper::store {

std::vector<const char*> migrations();

}  // namespace gasper::store
