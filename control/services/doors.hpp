// The doors of exposed services (runtime/services/door.hpp), by the service's name. Runs on the control executor; what
// accepts and relays are tasks of `background`, which ends them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/base/log.hpp"
#include "core/base/task_scope.hpp"
#include "runtime/services/door.hpp"

namespace gasper::control {

class service_doors {
 public:
    service_doors(task_scope& background, logger& log) : background_(background), log_(log) {}

    /// In the place of the one that is there; when the port cannot be had there is none. Errors: those of listen().
    result<> open(runtime::door_options options, runtime::service_door::server_address server);
    /// Cuts what is open. No error when there is none.
    void close(const std::string& service);
    const runtime::service_door* find(const std::string& service) const;
    std::vector<std::string> names() const;
    /// Another number after each open() and close(): whoever waited between a look and a deed sees that it is too late.
    std::uint64_t changes() const noexcept { return changes_; }

 private:
    task_scope& background_;
    logger& log_;
    std::map<std::string, std::shared_ptr<runtime::service_door>> open_;
    std::uint64_t changes_{0};
};

}  // namespace gasper::control
