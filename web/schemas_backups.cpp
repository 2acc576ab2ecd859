#include <nlohmann/json.hpp>

#include "web/handlers/backups.hpp"

namespace gasper::web {

namespace {

constexpr const char* about_backups = R"json({
"Backup": {"type": "object", "additionalProperties": false,
  "required": ["id", "service", "kind", "version", "place", "origin", "state", "verified", "problem", "size_bytes", "dump_bytes", "created"],
  "properties": {
    "id": {"type": "integer"}, "service": {"type": "string"}, "kind": {"type": "string"}, "version": {"type": "string"},
    "place": {"type": "string", "description": "local, or a store's name"},
    "origin": {"type": "string", "enum": ["manual", "schedule", "final"]},
    "state": {"type": "string", "enum": ["running", "stored", "failed"]},
    "verified": {"type": ["string", "null"], "format": "date-time", "description": "when it was restored into a throw-away server, with all in it"},
    "problem": {"type": "string"}, "size_bytes": {"type": "integer"}, "dump_bytes": {"type": "integer"},
    "created": {"type": "string", "format": "date-time"}}},
"Backups": {"type": "object", "additionalProperties": false, "required": ["backups", "schedule", "archive", "alarm"], "properties": {
    "backups": {"type": "array", "items": {"$ref": "#/components/schemas/Backup"}},
    "archive": {"$ref": "#/components/schemas/ArchiveOrNone"},
    "alarm": {"type": "string", "description": "what is wrong with them; empty: nothing"},
    "schedule": {"type": ["object", "null"], "additionalProperties": false, "required": ["schedule", "zone", "keep", "place", "next"],
      "properties": {"schedule": {"type": "string"}, "zone": {"type": "string"}, "keep": {"type": "string"}, "place": {"type": "string"},
        "next": {"type": ["string", "null"], "format": "date-time"}}}}},
"NewBackup": {"type": "object", "additionalProperties": false, "properties": {
    "to": {"type": "string", "minLength": 1, "maxLength": 64, "description": "local (the default), or a store's name"}}},
"Restore": {"type": "object", "additionalProperties": false, "properties": {
    "into": {"type": "string", "minLength": 1, "maxLength": 64, "description": "the name of a new database; else the data is replaced"},
    "confirm": {"type": "string", "maxLength": 64, "description": "the database's name, when its data is to be replaced"}}},
"BackupSchedule": {"type": "object", "additionalProperties": false, "required": ["schedule"], "properties": {
    "schedule": {"type": "string", "minLength": 1, "maxLength": 256, "description": "a cron expression"},
    "zone": {"type": "string", "minLength": 1, "maxLength": 64}, "keep": {"type": "string", "minLength": 1, "maxLength": 100, "description": "daily=7,weekly=4,monthly=6"},
    "to": {"type": "string", "minLength": 1, "maxLength": 64}}},
"Archive": {"type": "object", "additionalProperties": false,
  "required": ["service", "on", "place", "keep", "covered", "base", "segment", "size_bytes", "alarm"], "properties": {
    "service": {"type": "string"}, "on": {"type": "boolean"}, "place": {"type": "string"}, "keep": {"type": "integer", "description": "days"},
    "covered": {"type": "array", "description": "every moment in one of these can be brought back; of one that runs also every later one",
      "items": {"type": "object", "additionalProperties": false, "required": ["from", "until"], "properties": {
        "from": {"type": "string", "format": "date-time"}, "until": {"type": "string", "format": "date-time"}}}},
    "base": {"type": ["string", "null"], "format": "date-time", "description": "the newest base backup"},
    "segment": {"type": ["string", "null"], "format": "date-time", "description": "until when the newest piece of the log tells"},
    "size_bytes": {"type": "integer"}, "alarm": {"type": "string", "description": "what is wrong; empty: nothing"}}},
"NewArchive": {"type": "object", "additionalProperties": false, "properties": {
    "keep": {"type": "integer", "minimum": 1, "maximum": 365, "description": "days; 7 when nothing is said"},
    "to": {"type": "string", "minLength": 1, "maxLength": 64, "description": "local (the default), or a store's name"}}},
"Recovery": {"type": "object", "additionalProperties": false, "required": ["at"], "properties": {
    "at": {"type": "string", "minLength": 20, "maxLength": 40, "description": "RFC 3339: 2026-07-15T12:00:00Z"},
    "into": {"type": "string", "minLength": 1, "maxLength": 64, "description": "the name of a new database; else the data is replaced"},
    "confirm": {"type": "string", "maxLength": 64, "description": "the database's name, when its data is to be replaced"}}},
"BackupStore": {"type": "object", "additionalProperties": false, "required": ["name", "url", "endpoint", "region", "bucket", "prefix", "created"], "properties": {
    "name": {"type": "string"}, "url": {"type": "string", "description": "s3://BUCKET[/PREFIX]"}, "endpoint": {"type": "string"}, "region": {"type": "string"}, "bucket": {"type": "string"},
    "prefix": {"type": "string"}, "created": {"type": "string", "format": "date-time"}}},
"BackupStores": {"type": "array", "items": {"$ref": "#/components/schemas/BackupStore"}},
"NewBackupStore": {"type": "object", "additionalProperties": false, "required": ["name", "url", "access_key", "secret_key"], "properties": {
    "name": {"type": "string", "minLength": 1, "maxLength": 64}, "url": {"type": "string", "maxLength": 300, "description": "s3://BUCKET[/PREFIX]"},
    "endpoint": {"type": "string", "maxLength": 300}, "region": {"type": "string", "maxLength": 64},
    "access_key": {"type": "string", "minLength": 1, "maxLength": 256}, "secret_key": {"type": "string", "minLength": 1, "maxLength": 256}}},
"BackupStoreName": {"type": "object", "additionalProperties": false, "required": ["name"], "properties": {"name": {"type": "string"}}}
})json";

}  // namespace

nlohmann::json backup_schemas() {
    auto all = nlohmann::json::parse(about_backups);
    auto& archive = all["ArchiveOrNone"] = all["Archive"];
    archive["type"] = {"object", "null"};
    archive["description"] = "null: nothing was ever archived of it";
    return all;
}

}  // namespace gasper::web
