// Sandboxes made ahead of their instances: a push's network namespace is made while the push is still received and
// built. At most one per app; one that nobody takes is removed. All calls come from the control executor.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "core/base/log.hpp"
#include "core/base/task_scope.hpp"
#include "runtime/cluster.hpp"

namespace gasper::control {

class spare_sandboxes {
 public:
    spare_sandboxes(runtime::cluster& cluster, task_scope& background, logger& log)
        : cluster_(cluster), background_(background), log_(log) {}

    /// Begins to make one for the app, unless there is one.
    void expect(std::string app);
    /// The app's, waiting for it when it is just being made; none when nobody expected one or it failed.
    task<std::optional<runtime::sandbox>> take(std::string app);
    task<> drop(std::string app);

 private:
    struct entry {
        explicit entry(const asio::any_io_executor& executor) : made(executor) {
            made.expires_at(asio::steady_timer::time_point::max());
        }
        std::optional<runtime::sandbox> sandbox;
        bool ended{false};
        asio::steady_timer made;
    };
    using entry_pointer = std::shared_ptr<entry>;
    task<> make(std::string app, entry_pointer into);

    runtime::cluster& cluster_;
    task_scope& background_;
    logger& log_;
    std::map<std::string, entry_pointer> spares_;
};

}  // namespace gasper::control
