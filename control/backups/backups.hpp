// Backups of databases: made now or by schedule, restored, exported, imported. What a command, a request and a click
// share. All functions run on the control executor. Long work is a job of key "service:<name>".
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "control/archives/archives.hpp"
#include "control/backups/dump_pipe.hpp"
#include "control/identity.hpp"
#include "core/base/asio.hpp"
#include "core/base/error.hpp"
#include "core/model/backup.hpp"
#include "runtime/terminal.hpp"

namespace gasper::control {

class platform;

struct backup_overview {
    std::vector<backup> all;  // the newest first
    std::optional<backup_schedule> schedule;
    std::optional<sys_time> next;         // of the schedule
    std::optional<archive_view> archive;  // none: nothing was ever archived of it
    std::string alarm;                    // what is wrong with backups; empty: nothing
};

struct restore_request {
    std::string service;
    std::int64_t backup{0};
    std::string into;     // empty: the service itself; else the name of a new one
    std::string confirm;  // the name of the service whose data is replaced
};

class backups {
 public:
    explicit backups(platform& p) : platform_(p) {}

    /// `place`: "local", a store's name, or empty for local.
    task<result<job_id>> make(identity who, std::string service, std::string place);
    /// Also of a service that is gone, for its owner.
    task<result<backup_overview>> list(identity who, std::string service);
    task<result<backup>> info(identity who, std::string service, std::int64_t id);
    task<result<>> remove(identity who, std::string service, std::int64_t id);

    /// `schedule`, `zone`, `keep` and `place` are looked at; one that is there is replaced.
    task<result<backup_overview>> schedule(identity who, std::string service, backup_schedule wanted);
    task<result<>> unschedule(identity who, std::string service);

    task<result<job_id>> restore(identity who, restore_request wanted);

    /// The dump of what is there now, or in a backup, in the kind's own format: standard output of what is returned.
    task<result<std::unique_ptr<runtime::terminal>>> export_dump(identity who, std::string service);
    task<result<std::unique_ptr<runtime::terminal>>> download(identity who, std::string service, std::int64_t id);
    /// Replaces what is there by a dump that comes through the pipe. `confirm` must equal the name.
    task<result<job_id>> import_dump(identity who, std::string service, std::string confirm,
                                     std::shared_ptr<dump_pipe> from);

 private:
    task<result<std::vector<backup>>> visible(identity who, std::string service);

    platform& platform_;
};

}  // namespace gasper::control
