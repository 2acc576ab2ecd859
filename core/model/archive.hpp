// Archives of services' logs: base backups, and all that was written since, in segments. Values.
#pragma once

#include <optional>
#include <string>

#include "core/model/service.hpp"

namespace gasper {

using archive_id = id<struct archive_tag>;
using archive_base_id = id<struct archive_base_tag>;

/// Of a service, or of one that is gone: what it needs to come back stands here and with its bases.
struct archive {
    archive_id id;
    service_id service;        // none: it is gone
    std::string service_name;  // as it was called
    user_id owner;
    std::string kind, plan;
    std::string place{"local"};  // where what comes goes to: "local", or a backup_store's name
    int keep{7};                 // days that every moment of can be brought back
    bool on{true};
    std::string run;           // hex: the one that the server spools now; empty: none
    std::string problem;       // why its segments cannot be collected: one line
    sys_time failing{};        // since when
    sys_time told{};           // the `failing` that was reported
    std::string base_problem;  // why the newest base backup failed
    sys_time base_tried{};     // when it was begun
    sys_time created{};
};

/// All data of a server at one moment, as files. With the segments from `first` on it becomes whole at `last`.
struct archive_base {
    archive_base_id id;
    gasper::archive_id archive;
    std::string run;
    std::string version;        // of the service
    std::string place, object;  // as a backup's
    std::int64_t first{0}, last{0};
    sys_time begins{};          // it brings back every moment from then on; none: it is being made
    std::int64_t size{0};       // as stored, bytes
    std::int64_t full_size{0};  // as the server gave it
    std::optional<sys_time> verified;
    sys_time created{};
};

/// A piece of the log. Those of a run follow each other: their numbers have no gap.
struct archive_segment {
    gasper::archive_id archive;
    std::string run;
    std::int64_t number{0};
    std::string name;  // the server's
    std::string place, object;
    sys_time until{};  // what was committed until then is in it, or before it
    std::int64_t size{0}, full_size{0};
};

}  // namespace gasper
