// app.json of a commit: what Heroku and Dokku read there and Gasper has a use for. Keys that are not ours are left
// alone; a key of ours with a wrong value refuses the deploy and says where.
//
//   {"formation": {"web": {"quantity": 2, "memory": "512m", "cpus": 0.5, "processes": 100, "exclusive": false,
//                          "stop_timeout": 30}},
//    "healthchecks": {"web": [{"path": "/health", "timeout": 5, "attempts": 3, "wait": 10, "start_deadline": 60}]},
//    "cron": [{"command": "rake report", "schedule": "30 2 * * *", "timezone": "Europe/Berlin", "concurrency":
//    "forbid"}]}
//
// A check has a path, or a command (text, or words), or neither: then the port. `wait` is the interval in seconds, as
// Dokku calls it. Of several checks the first counts.
#pragma once

#include <string_view>

#include "core/model/cron.hpp"
#include "core/model/model.hpp"

namespace gasper {

struct app_json {
    formation quantities;  // for an app that has no formation yet
    settings_by_process settings;
    std::vector<cron_line> cron;
    bool operator==(const app_json&) const = default;
};

/// Errors: invalid, with the place: "app.json: formation.web.memory: …".
result<app_json> parse_app_json(std::string_view text);

}  // namespace gasper
