// Who changed what: what people may see of it, and how use cases that are neither jobs nor releases write it down. All
// functions run on the control executor.
#pragma once

#include <string>
#include <vector>

#include "control/identity.hpp"
#include "core/base/asio.hpp"
#include "core/base/error.hpp"
#include "core/store/audit.hpp"

namespace gasper::control {

class platform;
struct parts;

/// `action` is "app.created" and the like; `detail` holds no secret.
task<> record(parts& p, std::string user, std::string action, std::string app, std::string detail = {});

class audit {
 public:
    explicit audit(platform& p) : platform_(p) {}

    struct query {
        std::string app;         // empty: everything that one may see
        std::int64_t before{0};  // only what is older than this entry; 0: the newest
        int most{100};
    };
    /// Newest first. Admins see all, also of apps that are gone; others what they did and what happened to their apps.
    task<result<std::vector<store::audit_entry>>> list(identity who, query what);

 private:
    platform& platform_;
};

}  // namespace gasper::control
