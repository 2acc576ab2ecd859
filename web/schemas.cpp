#include <nlohmann/json.hpp>

#include "web/handlers/backups.hpp"
#include "web/handlers/services.hpp"
#include "web/schema.hpp"

namespace gasper::web {

namespace {

constexpr const char* people = R"json({
"Problem": {"type": "object", "description": "RFC 9457 problem details. `code` is stable.",
  "required": ["type", "title", "status", "code", "detail"], "properties": {
    "type": {"type": "string"}, "title": {"type": "string"}, "status": {"type": "integer"},
    "code": {"type": "string", "description": "stable and machine-readable, e.g. `app_not_found`"},
    "detail": {"type": "string", "description": "what was wrong, and what to do"}}},
"Login": {"type": "object", "additionalProperties": false, "required": ["name", "password"], "properties": {
    "name": {"type": "string", "minLength": 1, "maxLength": 64},
    "password": {"type": "string", "minLength": 1, "maxLength": 1024, "format": "password"}}},
"Token": {"type": "object", "additionalProperties": false, "required": ["token", "expires", "user"], "properties": {
    "token": {"type": "string", "description": "a JWT for `Authorization: Bearer`"},
    "expires": {"type": "string", "format": "date-time"}, "user": {"$ref": "#/components/schemas/User"}}},
"Session": {"type": "object", "additionalProperties": false, "required": ["expires", "user"], "properties": {
    "expires": {"type": "string", "format": "date-time"}, "user": {"$ref": "#/components/schemas/User"}}},
"User": {"type": "object", "additionalProperties": false, "required": ["id", "name", "admin"], "properties": {
    "id": {"type": "integer"}, "name": {"type": "string"}, "admin": {"type": "boolean"}}},
"Key": {"type": "object", "additionalProperties": false, "required": ["id", "name", "fingerprint", "key", "created"], "properties": {
    "id": {"type": "integer"}, "name": {"type": "string"},
    "fingerprint": {"type": "string", "description": "`SHA256:…`, as ssh-keygen -l prints it"},
    "key": {"type": "string", "description": "the public key"}, "created": {"type": "string", "format": "date-time"}}},
"Keys": {"type": "array", "items": {"$ref": "#/components/schemas/Key"}},
"NewKey": {"type": "object", "additionalProperties": false, "required": ["name", "key"], "properties": {
    "name": {"type": "string", "minLength": 1, "maxLength": 64},
    "key": {"type": "string", "minLength": 1, "maxLength": 16384, "description": "one line of an OpenSSH public key file"}}},
"Version": {"type": "object", "additionalProperties": false, "required": ["version", "domain", "git_url"], "properties": {
    "version": {"type": "string"}, "domain": {"type": "string", "description": "apps are at <app>.<domain>"},
    "git_url": {"type": "string", "description": "an app's name and `.git` after it make a git remote"}}},
"Health": {"type": "object", "additionalProperties": false, "required": ["status"], "properties": {
    "status": {"type": "string", "enum": ["ok"]}}}
})json";

constexpr const char* things = R"json({
"NewApp": {"type": "object", "additionalProperties": false, "required": ["name"], "properties": {
    "name": {"type": "string", "maxLength": 64, "description": "2 to 30 of a-z, 0-9 and -, beginning with a letter"}}},
"App": {"type": "object", "additionalProperties": false,
  "required": ["name", "state", "language", "release", "released", "urls", "git_url", "formation", "created"], "properties": {
    "name": {"type": "string"}, "state": {"type": "string", "enum": ["new", "up", "deploying", "stopped", "asleep", "crashed", "down"]},
    "language": {"type": "string", "description": "the buildpack of the current release; empty before the first"},
    "release": {"type": "integer", "description": "version of the current release; 0 before the first"},
    "released": {"type": ["string", "null"], "format": "date-time"},
    "urls": {"type": "array", "items": {"type": "string"}}, "git_url": {"type": "string"},
    "formation": {"type": "object", "additionalProperties": {"type": "integer"}},
    "created": {"type": "string", "format": "date-time"}}},
"Apps": {"type": "array", "items": {"$ref": "#/components/schemas/App"}},
"Maintenance": {"type": "object", "additionalProperties": false, "required": ["on", "page"], "properties": {
    "on": {"type": "boolean"}, "page": {"type": "string", "description": "HTML; empty: the router's own"}}},
"MaintenanceChange": {"type": "object", "additionalProperties": false, "required": ["on"], "properties": {
    "on": {"type": "boolean"}, "page": {"type": "string", "maxLength": 65536, "description": "HTML, at most 64 KiB"}}},
"Autosleep": {"type": "object", "additionalProperties": false, "required": ["after_seconds", "stop_after_seconds", "state"], "properties": {
    "after_seconds": {"type": "integer", "description": "without a request the app is frozen; 0: never"},
    "stop_after_seconds": {"type": "integer", "description": "after so much sleep it is stopped"},
    "state": {"type": "string", "enum": ["awake", "frozen", "stopped"]}}},
"AutosleepChange": {"type": "object", "additionalProperties": false, "required": ["after_seconds"], "properties": {
    "after_seconds": {"type": "integer", "minimum": 0, "maximum": 2592000},
    "stop_after_seconds": {"type": "integer", "minimum": 0, "maximum": 2592000, "description": "default 6 hours"}}},
"Config": {"type": "object", "description": "config vars by name", "additionalProperties": {"type": "string"}},
"ConfigChanges": {"type": "object", "maxProperties": 512, "description": "a string sets, null unsets",
  "additionalProperties": {"type": ["string", "null"], "maxLength": 65536}},
"Release": {"type": "object", "additionalProperties": false,
  "required": ["version", "description", "commit", "build", "user", "state", "reason", "current", "processes", "config_names", "created"], "properties": {
    "version": {"type": "integer"}, "description": {"type": "string"}, "commit": {"type": "string"},
    "build": {"type": ["integer", "null"]}, "user": {"type": "string"},
    "state": {"type": "string", "enum": ["pending", "succeeded", "failed"]}, "reason": {"type": "string", "description": "of a failure"},
    "current": {"type": "boolean", "description": "it is the one that serves"},
    "processes": {"type": "object", "additionalProperties": {"type": "string"}},
    "config_names": {"type": "array", "items": {"type": "string"}, "description": "names only: values stay secret"},
    "created": {"type": "string", "format": "date-time"}}},
"Releases": {"type": "array", "items": {"$ref": "#/components/schemas/Release"}},
"NewRelease": {"type": "object", "additionalProperties": false, "required": ["rollback"], "properties": {
    "rollback": {"type": "integer", "minimum": 0, "maximum": 1000000000, "description": "the version to go back to; 0: the one before the current"}}},
"Build": {"type": "object", "additionalProperties": false,
  "required": ["id", "job", "commit", "buildpack", "state", "reason", "created", "finished"], "properties": {
    "id": {"type": "integer"}, "job": {"type": ["integer", "null"]}, "commit": {"type": "string"}, "buildpack": {"type": "string"},
    "state": {"type": "string", "enum": ["running", "succeeded", "failed"]}, "reason": {"type": "string"},
    "created": {"type": "string", "format": "date-time"}, "finished": {"type": ["string", "null"], "format": "date-time"}}},
"Builds": {"type": "array", "items": {"$ref": "#/components/schemas/Build"}},
"Instance": {"type": "object", "additionalProperties": false,
  "required": ["name", "command", "state", "release", "node", "since"], "properties": {
    "name": {"type": "string", "description": "e.g. `web.1`"}, "command": {"type": "string"},
    "state": {"type": "string", "enum": ["starting", "up", "crashed", "restarting", "stopping", "down"]},
    "release": {"type": "integer"}, "node": {"type": "string"}, "since": {"type": "string", "format": "date-time"}}},
"Quantities": {"type": "object", "minProperties": 1, "maxProperties": 50, "description": "how many of each process type",
  "additionalProperties": {"type": "integer", "minimum": 0, "maximum": 100}},
"Check": {"type": "object", "additionalProperties": false,
  "required": ["path", "command", "interval", "timeout", "attempts", "start_deadline"], "properties": {
    "path": {"type": ["string", "null"]}, "command": {"type": ["string", "null"]}, "interval": {"type": "integer"},
    "timeout": {"type": "integer"}, "attempts": {"type": "integer"}, "start_deadline": {"type": "integer"}}},
"ProcessType": {"type": "object", "additionalProperties": false,
  "required": ["process", "command", "quantity", "up", "memory", "cpus", "processes", "disk", "reserved_memory", "reserved_cpus", "nodes",
    "exclusive", "stop_timeout", "check"], "properties": {
    "process": {"type": "string"}, "command": {"type": "string"}, "quantity": {"type": "integer", "description": "wanted"},
    "up": {"type": "integer"}, "memory": {"type": "integer", "description": "bytes"}, "cpus": {"type": "number"},
    "processes": {"type": "integer"}, "disk": {"type": "integer", "description": "bytes that it may write to its own /app; 0: no limit"},
    "reserved_memory": {"type": "integer"}, "reserved_cpus": {"type": "number"},
    "nodes": {"type": "object", "additionalProperties": {"type": "string"}, "description": "labels that its node must have"},
    "exclusive": {"type": "boolean", "description": "the old stops before the new starts"},
    "stop_timeout": {"type": "integer", "description": "seconds from SIGTERM to SIGKILL"},
    "check": {"$ref": "#/components/schemas/Check"}}},
"Formation": {"type": "array", "items": {"$ref": "#/components/schemas/ProcessType"}},
"Instances": {"type": "array", "items": {"$ref": "#/components/schemas/Instance"}}
})json";

constexpr const char* deliveries = R"json({
"NewNotification": {"type": "object", "additionalProperties": false, "required": ["address"], "properties": {
    "address": {"type": "string", "minLength": 3, "maxLength": 254},
    "events": {"type": "string", "maxLength": 500, "description": "as of webhooks"}}},
"Notification": {"type": "object", "additionalProperties": false, "required": ["id", "address", "events", "failures", "last_error", "created"],
  "properties": {"id": {"type": "integer"}, "address": {"type": "string"}, "events": {"type": "string"}, "failures": {"type": "integer"},
    "last_error": {"type": "string"}, "created": {"type": "string", "format": "date-time"}}},
"Notifications": {"type": "array", "items": {"$ref": "#/components/schemas/Notification"}},
"NewDrain": {"type": "object", "additionalProperties": false, "required": ["url"], "properties": {
    "url": {"type": "string", "minLength": 1, "maxLength": 2000, "description": "syslog+tls://HOST[:6514], syslog://HOST[:514] or https://…"}}},
"Drain": {"type": "object", "additionalProperties": false, "required": ["id", "url", "state", "dropped", "created"], "properties": {
    "id": {"type": "integer"}, "url": {"type": "string", "description": "without its user and query, which may be secret"},
    "state": {"type": "string", "description": "`well`, or what was wrong last"},
    "dropped": {"type": "integer", "description": "lines that it never got"}, "created": {"type": "string", "format": "date-time"}}},
"Drains": {"type": "array", "items": {"$ref": "#/components/schemas/Drain"}}
})json";

constexpr const char* machines = R"json({
"Resources": {"type": "object", "additionalProperties": false, "required": ["memory_bytes", "cpus"], "properties": {
    "memory_bytes": {"type": "integer"}, "cpus": {"type": "number"}}},
"Node": {"type": "object", "additionalProperties": false,
  "required": ["name", "state", "engine", "labels", "capacity", "reserved", "measured", "disks", "instances"], "properties": {
    "name": {"type": "string"}, "state": {"type": "string", "enum": ["active", "draining", "down"]},
    "engine": {"type": "string", "description": "version of its Docker Engine"},
    "labels": {"type": "object", "additionalProperties": {"type": "string"}},
    "capacity": {"$ref": "#/components/schemas/Resources"},
    "reserved": {"$ref": "#/components/schemas/Resources", "description": "promised to its instances"},
    "measured": {"$ref": "#/components/schemas/Resources", "description": "in use, by anything"},
    "disks": {"type": "array", "items": {"type": "object", "additionalProperties": false,
      "required": ["path", "total_bytes", "free_bytes", "total_files", "free_files", "low"], "properties": {
        "path": {"type": "string"}, "total_bytes": {"type": "integer"}, "free_bytes": {"type": "integer"},
        "total_files": {"type": "integer", "description": "inodes; 0: as many as fit"}, "free_files": {"type": "integer"},
        "low": {"type": "boolean", "description": "so full that it takes no builds"}}}},
    "instances": {"type": "array", "items": {"type": "object", "additionalProperties": false,
      "required": ["app", "name", "state", "release"], "properties": {
        "app": {"type": "string"}, "name": {"type": "string"}, "state": {"type": "string"}, "release": {"type": "integer"}}}}}},
"Nodes": {"type": "array", "items": {"$ref": "#/components/schemas/Node"}},
"Events": {"type": "array", "items": {"type": "object", "additionalProperties": false,
  "required": ["id", "at", "user", "action", "app", "detail"], "properties": {
    "id": {"type": "integer"}, "at": {"type": "string", "format": "date-time"}, "user": {"type": "string"},
    "action": {"type": "string", "description": "e.g. `deploy.failed`, `release.created`, `app.destroyed`"},
    "app": {"type": "string", "description": "empty: none"}, "detail": {"type": "string"}}}},
"NewWebhook": {"type": "object", "additionalProperties": false, "required": ["url"], "properties": {
    "url": {"type": "string", "minLength": 1, "maxLength": 2000},
    "events": {"type": "string", "maxLength": 500, "description": "default: deploy.failed,deploy.succeeded,app.crashed,disk.low,certificate.failing"}}},
"Webhook": {"type": "object", "additionalProperties": false, "required": ["id", "url", "events", "failures", "last_error", "created"],
  "properties": {"id": {"type": "integer"}, "url": {"type": "string"}, "events": {"type": "string", "description": "names or beginnings with *, separated by commas"},
    "failures": {"type": "integer", "description": "in a row"}, "last_error": {"type": "string"},
    "created": {"type": "string", "format": "date-time"}}},
"MadeWebhook": {"type": "object", "additionalProperties": false,
  "required": ["id", "url", "events", "failures", "last_error", "created", "secret"], "properties": {"id": {"type": "integer"}, "url": {"type": "string"}, "events": {"type": "string", "description": "names or beginnings with *, separated by commas"},
    "failures": {"type": "integer", "description": "in a row"}, "last_error": {"type": "string"},
    "created": {"type": "string", "format": "date-time"},
    "secret": {"type": "string", "description": "X-Gasper-Signature is `sha256=` and the HMAC-SHA256 of the body with it"}}},
"Webhooks": {"type": "array", "items": {"$ref": "#/components/schemas/Webhook"}},
"Metrics": {"type": "object", "additionalProperties": false,
  "required": ["from", "to", "step", "latency_bounds_ms", "instances", "requests"], "properties": {
    "from": {"type": "integer"}, "to": {"type": "integer"},
    "step": {"type": "integer", "description": "seconds of a point; may be larger than asked for"},
    "latency_bounds_ms": {"type": "array", "items": {"type": "integer"}, "description": "of `by_latency`, which has one more"},
    "instances": {"type": "array", "items": {"type": "object", "additionalProperties": false, "required": ["name", "points"],
      "properties": {"name": {"type": "string"}, "points": {"type": "array", "items": {"$ref": "#/components/schemas/InstancePoint"}}}}},
    "requests": {"type": "array", "items": {"$ref": "#/components/schemas/RequestPoint"}}}},
"InstancePoint": {"type": "object", "additionalProperties": false, "description": "steps in which nothing was measured are missing",
  "required": ["at", "cpus", "memory_bytes", "memory_largest_bytes", "received_bytes", "sent_bytes", "restarts"], "properties": {
    "at": {"type": "integer", "description": "the step's beginning, seconds since the epoch"},
    "cpus": {"type": "number", "description": "processors in use, on average"}, "memory_bytes": {"type": "number", "description": "on average"},
    "memory_largest_bytes": {"type": "number"}, "received_bytes": {"type": "number"}, "sent_bytes": {"type": "number"},
    "restarts": {"type": "number"}}},
"RequestPoint": {"type": "object", "additionalProperties": false,
  "required": ["at", "requests", "by_class", "by_latency", "sent_bytes", "p50_ms", "p95_ms", "p99_ms"], "properties": {
    "at": {"type": "integer"}, "requests": {"type": "integer"},
    "by_class": {"type": "array", "items": {"type": "integer"}, "description": "no answer, 1xx to 5xx"},
    "by_latency": {"type": "array", "items": {"type": "integer"}}, "sent_bytes": {"type": "integer"},
    "p50_ms": {"type": "number"}, "p95_ms": {"type": "number"}, "p99_ms": {"type": "number"}}}
})json";

constexpr const char* work = R"json({
"Job": {"type": "object", "additionalProperties": false,
  "required": ["id", "parent", "kind", "app", "key", "state", "step", "reason", "user", "created", "finished"], "properties": {
    "id": {"type": "integer"}, "parent": {"type": ["integer", "null"], "description": "the job that began it"}, "kind": {"type": "string"}, "app": {"type": "string"},
    "key": {"type": "string", "description": "what it works on: one job at a time has it"},
    "state": {"type": "string", "enum": ["waiting", "running", "succeeded", "failed", "aborted"]},
    "step": {"type": "string", "description": "the last step that was begun"},
    "reason": {"type": "string", "description": "why it failed; empty otherwise"}, "user": {"type": "string"},
    "created": {"type": "string", "format": "date-time"}, "finished": {"type": ["string", "null"], "format": "date-time"}}},
"Jobs": {"type": "array", "items": {"$ref": "#/components/schemas/Job"}},
"Step": {"type": "object", "additionalProperties": false, "required": ["name", "state", "begun", "ended"], "properties": {
    "name": {"type": "string"}, "state": {"type": "string", "enum": ["running", "succeeded", "failed", "aborted"]},
    "begun": {"type": "string", "format": "date-time"}, "ended": {"type": ["string", "null"], "format": "date-time"}}},
"NewRun": {"type": "object", "additionalProperties": false, "required": ["command"], "properties": {
    "command": {"type": "string", "minLength": 1, "maxLength": 4096, "description": "for /bin/sh -c in /app"}}},
"Runs": {"type": "array", "items": {"type": "object", "additionalProperties": false,
  "required": ["name", "command", "user", "release", "job", "since"], "properties": {
    "name": {"type": "string", "description": "e.g. `run.1`"}, "command": {"type": "string"}, "user": {"type": "string"},
    "release": {"type": "integer"}, "job": {"type": ["integer", "null"], "description": "of a detached one"},
    "since": {"type": "string", "format": "date-time"}}}},
"NewVolume": {"type": "object", "additionalProperties": false, "required": ["name"], "properties": {
    "name": {"type": "string", "maxLength": 64, "description": "1 to 63 of a-z, 0-9, - and _, beginning with a letter"}}},
"Volume": {"type": "object", "additionalProperties": false, "required": ["name", "mounted", "created"], "properties": {
    "name": {"type": "string"}, "created": {"type": "string", "format": "date-time"},
    "mounted": {"type": ["object", "null"], "additionalProperties": false, "required": ["app", "path"], "properties": {
      "app": {"type": "string"}, "path": {"type": "string"}}}}},
"Volumes": {"type": "array", "items": {"$ref": "#/components/schemas/Volume"}},
"NewMount": {"type": "object", "additionalProperties": false, "required": ["volume", "path"], "properties": {
    "volume": {"type": "string", "minLength": 1, "maxLength": 64},
    "path": {"type": "string", "minLength": 1, "maxLength": 255, "description": "inside the app, e.g. `/app/storage`"}}},
"NewCronEntry": {"type": "object", "additionalProperties": false, "required": ["schedule", "command"], "properties": {
    "schedule": {"type": "string", "minLength": 1, "maxLength": 256, "description": "MINUTE HOUR DAY MONTH WEEKDAY, or @daily and the like"},
    "command": {"type": "string", "minLength": 1, "maxLength": 4096}, "timezone": {"type": "string", "maxLength": 64, "description": "IANA name; default UTC"},
    "concurrency": {"type": "string", "enum": ["allow", "forbid", "replace"], "description": "when the run before still goes on; default allow"}}},
"CronRun": {"type": "object", "additionalProperties": false, "required": ["scheduled", "outcome", "job"], "properties": {
    "scheduled": {"type": "string", "format": "date-time"}, "job": {"type": ["integer", "null"]},
    "outcome": {"type": "string", "enum": ["running", "succeeded", "failed", "aborted", "interrupted", "skipped", "missed"]}}},
"CronRuns": {"type": "array", "items": {"$ref": "#/components/schemas/CronRun"}},
"CronEntry": {"type": "object", "additionalProperties": false,
  "required": ["id", "schedule", "timezone", "command", "concurrency", "source", "next", "last"], "properties": {
    "id": {"type": "integer"}, "schedule": {"type": "string"}, "timezone": {"type": "string"}, "command": {"type": "string"},
    "concurrency": {"type": "string", "enum": ["allow", "forbid", "replace"]}, "source": {"type": "string", "enum": ["app.json", "command"]},
    "next": {"type": ["string", "null"], "format": "date-time"},
    "last": {"type": ["object", "null"], "description": "a CronRun"}}},
"CronEntries": {"type": "array", "items": {"$ref": "#/components/schemas/CronEntry"}},
"Steps": {"type": "array", "items": {"$ref": "#/components/schemas/Step"}}
})json";

constexpr const char* scaling = R"json({
"ProcessChange": {"type": "object", "additionalProperties": false, "description": "what is missing stays as it is", "properties": {
    "memory": {"type": "integer", "description": "bytes"}, "cpus": {"type": "number"}, "processes": {"type": "integer"},
    "disk": {"type": "integer", "description": "bytes that an instance may write to /app"},
    "reserved_memory": {"type": "integer", "description": "bytes that its node keeps for it; 0: none"}, "reserved_cpus": {"type": "number"},
    "nodes": {"$ref": "#/components/schemas/Labels", "description": "only nodes that have all of these"},
    "exclusive": {"type": "boolean"}, "stop_timeout": {"type": "integer", "description": "seconds"},
    "reset": {"type": "boolean", "description": "first forget what was said by command or here"}}},
"Labels": {"type": "object", "maxProperties": 20, "additionalProperties": {"type": "string", "maxLength": 63}},
"Autoscaling": {"type": "array", "items": {"$ref": "#/components/schemas/AutoscaledProcess"}},
"AutoscaledProcess": {"type": "object", "additionalProperties": false,
  "required": ["process", "min", "max", "signal", "target", "cooldown", "quantity", "load"], "properties": {
    "process": {"type": "string"}, "min": {"type": "integer"}, "max": {"type": "integer"},
    "signal": {"type": "string", "enum": ["queue", "cpu"]},
    "target": {"type": "number", "description": "what one instance is to carry: requests at once, or percent of its CPU limit"},
    "cooldown": {"type": "integer", "description": "seconds"}, "quantity": {"type": "integer", "description": "wanted now"},
    "load": {"type": ["number", "null"], "description": "of all its instances together; null: not measured yet"}}},
"AutoscalingChange": {"type": "object", "additionalProperties": false, "required": ["max", "signal", "target"], "properties": {
    "min": {"type": "integer", "minimum": 1, "maximum": 100, "description": "default: 1"},
    "max": {"type": "integer", "minimum": 1, "maximum": 100}, "signal": {"type": "string", "enum": ["queue", "cpu"]},
    "target": {"type": "number"}, "cooldown": {"type": "integer", "minimum": 10, "maximum": 3600, "description": "default: 120"}}},
"NodeDrain": {"type": "object", "additionalProperties": false, "properties": {
    "force": {"type": "boolean", "description": "stop what has no other place"}}}
})json";

}  // namespace

const nlohmann::json& schemas() {
    static const nlohmann::json all = [] {
        auto merged = nlohmann::json::parse(people);
        merged.update(nlohmann::json::parse(things));
        merged.update(nlohmann::json::parse(machines));
        merged.update(nlohmann::json::parse(deliveries));
        merged.update(nlohmann::json::parse(work));
        merged.update(service_schemas());
        merged.update(nlohmann::json::parse(scaling));
        merged.update(backup_schemas());
        return merged;
    }();
    return all;
}

}  // namespace gasper::web
