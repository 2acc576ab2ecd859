// A copy of a database as a database of its own. What a command, a request and a click share. All functions run on the
// control executor.
#pragma once

#include <string>

#include "control/identity.hpp"
#include "core/base/asio.hpp"
#include "core/base/error.hpp"
#include "core/model/job.hpp"
#include "core/model/service.hpp"

namespace gasper::control {

class platform;

struct new_clone {
    std::string of, name;
    std::string plan, version;  // empty: as the one it is of
};

/// The version of a clone. Errors: invalid "service_downgrade" for one that is older.
result<std::string> choose_clone_version(const service& of, const std::string& wanted);

class clones {
 public:
    explicit clones(platform& p) : platform_(p) {}

    /// A job of "service:<of>": nothing else is done with that one meanwhile. The new one is there when the job has
    /// ended well, with the data of one moment and no attachments; else it is gone.
    task<result<job_id>> start(identity who, new_clone wanted);

 private:
    platform& platform_;
};

}  // namespace gasper::control
