// Backups of services and when they are made, as values.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/model/service.hpp"

namespace gasper {

using backup_id = id<struct backup_tag>;

enum class backup_state { running, stored, failed };
constexpr std::string_view to_string(backup_state s) noexcept {
    return s == backup_state::running ? "running" : s == backup_state::stored ? "stored" : "failed";
}

/// Of a service, or of one that is gone: what it needs to come back stands here.
struct backup {
    backup_id id;
    service_id service;        // none: it is gone
    std::string service_name;  // as it was called
    user_id owner;
    std::string kind, version, plan;
    std::string place;   // "local", or a backup_store's name
    std::string object;  // its name there
    std::string origin;  // "manual", "schedule", "final"
    backup_state state{backup_state::running};
    std::optional<sys_time> verified;  // restored once, into a throw-away server, with everything in it
    std::string problem;               // why it failed, or could not be verified: one line
    std::int64_t size{0};              // as stored, bytes
    std::int64_t dump_size{0};
    sys_time created{};
};

/// An S3-compatible store that an admin gave.
struct backup_store {
    std::string name;      // as an app's; never "local"
    std::string endpoint;  // "https://s3.amazonaws.com"
    std::string region;
    std::string bucket;
    std::string prefix;  // of the objects' names, without a '/' at its end; may be empty
    std::string access_key;
    std::string secret_key;  // plain here, sealed in the store; never logged
    sys_time created{};
};

/// When a service is backed up by itself, and what stays of that.
struct backup_schedule {
    service_id service;
    std::string service_name;
    std::string schedule;  // a cron expression
    std::string zone{"UTC"};
    std::string keep{"daily=7,weekly=4,monthly=6"};
    std::string place{"local"};
    sys_time seen{};      // the last time of it that was looked at
    sys_time alarmed{};   // the time of it whose backup was missed and reported
    sys_time unproved{};  // the oldest time of it that no verified backup covers yet; the epoch: there is none
    sys_time created{};
};

}  // namespace gasper
