// One reader's view of an app's log: the output of its instances and Gasper's events, merged by time; then live, over
// deploys, until cancelled. Lives on the control executor for the length of one request.
#pragma once

#include <set>
#include <string>

#include "control/parts.hpp"
#include "control/streams.hpp"

namespace gasper::control {

class app_log {
 public:
    app_log(parts& p, app a, log_query query, line_sink sink);

    task<result<>> run();

 private:
    struct entry {
        sys_time at;
        std::string text;
    };
    task<> collect_past(std::vector<entry>& past);
    task<> follow_events();
    task<> follow_instance(runtime::observed_instance instance);
    task<> follow_new();
    task<> follow_all();
    static std::string line(sys_time at, const std::string& source, const std::string& text);
    bool wanted(const runtime::observed_instance& i) const;

    parts& p_;
    app app_;
    log_query query_;
    line_sink sink_;
    sys_time live_from_;
    std::int64_t last_event_{0};
    std::set<std::string> followed_;
    task_scope scope_;
};

}  // namespace gasper::control
