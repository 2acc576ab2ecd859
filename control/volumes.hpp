// Named volumes: directories that outlive releases, mounted into the containers of an app. All functions run on the
// control executor.
#pragma once

#include <string>
#include <vector>

#include "control/identity.hpp"
#include "core/base/asio.hpp"
#include "core/base/error.hpp"
#include "core/model/volume.hpp"

namespace gasper::control {

class platform;

class volumes {
 public:
    explicit volumes(platform& p) : platform_(p) {}

    /// An empty directory that belongs to the apps' user; nobody changes its owner later.
    task<result<volume>> create(identity who, std::string name);
    /// Those that `who` may use; with an app's name, what it has mounted.
    task<result<std::vector<volume>>> list(identity who, std::string app);
    /// With all that is in it. `confirm` must equal the name. errc::conflict while an app has it mounted.
    task<result<>> destroy(identity who, std::string name, std::string confirm);

    /// A release with the volume at `path`, by a job. A volume is mounted in one app at a time.
    task<result<job_id>> mount(identity who, std::string name, std::string app, std::string path);
    task<result<job_id>> unmount(identity who, std::string name, std::string app);

 private:
    task<result<volume>> authorize(identity who, std::string name);

    platform& platform_;
};

}  // namespace gasper::control
