// Traffic in Prometheus' text format. Any thread.
#pragma once

#include <map>
#include <string>

#include "core/tables/report.hpp"

namespace gasper {

/// `totals`: per app, everything that was reported of it, added up. One label, `app`, beside `class` and `le`: its
/// values are the names of apps, which are bounded in length and alphabet, and escaped all the same.
std::string prometheus_text(const std::map<std::string, app_traffic>& totals);

}  // namespace gasper
