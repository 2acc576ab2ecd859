// The one-off processes that run now: names, who began them, how to end them. A value of control, on its executor.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/model/job.hpp"

namespace gasper::control {

struct one_off {
    std::string app;
    std::string name;  // "run.1", "cron.4"
    std::string command;
    std::string user;
    int version{0};  // of the release it runs
    job_id job;      // of a detached one; none: a person is attached
    sys_time since{};
};

class one_off_registry {
 public:
    /// Under the first free name of its kind: "run.1", "run.2" …
    one_off add(one_off what, const std::string& kind);
    /// Under the name that it has: it went on while nobody was here.
    void adopt(one_off what) { running_[{what.app, what.name}].what = std::move(what); }
    void remove(const std::string& app, const std::string& name) { running_.erase({app, name}); }
    /// How an attached one is ended from elsewhere.
    void on_stop(const std::string& app, const std::string& name, std::function<void()> stop);
    void set_job(const std::string& app, const std::string& name, job_id job);

    std::vector<one_off> of(const std::string& app) const;
    const one_off* find(const std::string& app, const std::string& name) const;
    /// False when there is no attached one of that name.
    bool stop(const std::string& app, const std::string& name);

 private:
    struct entry {
        one_off what;
        std::function<void()> stop;
    };
    std::map<std::pair<std::string, std::string>, entry> running_;
};

}  // namespace gasper::control
