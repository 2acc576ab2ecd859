// Where a follower gets what it says back to the control plane. It asks when something was announced
// (table_follower::report_soon) and at the time that the report before named. All calls on the follower's executor.
#pragma once

#include "core/tables/report.hpp"

namespace gasper {

class report_source {
 public:
    /// What is to be said now. `anew`: to a control plane that has heard nothing yet. Called before a version counts as
    /// applied: instances that left the table are in it.
    virtual feed_report next_report(bool anew) = 0;
    /// It was written. A report that was not is to come again: counts must not get lost.
    virtual void reported() = 0;
    /// When to ask again, announced or not.
    virtual std::chrono::steady_clock::time_point next_due() const = 0;

 protected:
    ~report_source() = default;
};

}  // namespace gasper
