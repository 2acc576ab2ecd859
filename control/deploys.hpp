// A push becomes a live release. The job owns the work: a door that goes away loses the view, not the deploy.
#pragma once

#include <string>

#include "control/identity.hpp"
#include "core/base/asio.hpp"
#include "core/base/error.hpp"
#include "core/model/model.hpp"

namespace gasper::control {

class platform;

struct push {
    std::string app;
    std::string ref;         // "refs/heads/main"
    std::string old_commit;  // 40 hex digits, zeros when the ref is new
    std::string new_commit;  // its objects are in the repository already; no ref points at them
};

class deploys {
 public:
    explicit deploys(platform& p) : platform_(p) {}

    /// The bare repository of an app, made when it is not there. For a name without an app: creates the app
    /// (check_app_name), owned by `who`.
    task<result<std::string>> repository_for_push(identity who, std::string app);
    /// For fetch and clone: the app must exist.
    task<result<std::string>> repository_for_fetch(identity who, std::string app);

    /// The network sandbox of the coming instance may be made already: call as soon as a push to an app begins.
    void expect_push(std::string app);

    /// Starts the deploy job; the job moves the ref (compare-and-swap) as its last step. Refuses at once when
    /// another deploy of the app is running (errc::conflict).
    task<result<job_id>> deploy(identity who, push what);

 private:
    platform& platform_;
};

}  // namespace gasper::control
