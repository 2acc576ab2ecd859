#include <nlohmann/json.hpp>

#include "web/handlers/services.hpp"

namespace gasper::web {

namespace {

constexpr const char* databases = R"json({
"ServiceKinds": {"type": "array", "items": {"type": "object", "additionalProperties": false,
  "required": ["name", "title", "versions", "variable", "slow_statements", "plans"], "properties": {
    "name": {"type": "string"}, "title": {"type": "string"}, "versions": {"type": "array", "items": {"type": "string"}},
    "variable": {"type": "string", "description": "the config var that attached apps get"},
    "slow_statements": {"type": "boolean", "description": "it keeps a list of those that took longest"},
    "plans": {"type": "array", "items": {"type": "object", "additionalProperties": false, "required": ["name", "memory_bytes", "cpus"],
      "properties": {"name": {"type": "string"}, "memory_bytes": {"type": "integer"}, "cpus": {"type": "number"}}}}}}},
"NewService": {"type": "object", "additionalProperties": false, "required": ["kind", "name"], "properties": {
    "kind": {"type": "string", "minLength": 1, "maxLength": 32}, "version": {"type": "string", "minLength": 1, "maxLength": 16},
    "name": {"type": "string", "maxLength": 64, "description": "2 to 30 of a-z, 0-9 and -, beginning with a letter"},
    "plan": {"type": "string", "minLength": 1, "maxLength": 32}}},
"NewClone": {"type": "object", "additionalProperties": false, "required": ["name"], "properties": {"name": {"type": "string", "maxLength": 64},
    "plan": {"type": "string", "minLength": 1, "maxLength": 32}, "version": {"type": "string", "minLength": 1, "maxLength": 16, "description": "not an older one"}}},
"Attachment": {"type": "object", "additionalProperties": false, "required": ["app", "variable", "user", "rights", "active"], "properties": {
    "app": {"type": "string"}, "variable": {"type": "string"}, "user": {"type": "string", "description": "the app's own, in the database"},
    "rights": {"type": "string", "enum": ["rw", "ro"]}, "active": {"type": "boolean", "description": "a release has it"}}},
"NewAttachment": {"type": "object", "additionalProperties": false, "required": ["app"], "properties": {
    "app": {"type": "string", "minLength": 1, "maxLength": 64},
    "as": {"type": "string", "minLength": 1, "maxLength": 60, "description": "BLUE gives BLUE_URL; default: the kind's own variable"},
    "rights": {"type": "string", "enum": ["rw", "ro"]}}},
"ServiceOrder": {"type": "object", "additionalProperties": false, "required": ["do"], "properties": {
    "do": {"type": "string", "enum": ["start", "stop", "restart"]}}},
"NewRotation": {"type": "object", "additionalProperties": false, "properties": {
    "variable": {"type": "string", "minLength": 1, "maxLength": 64, "description": "which, when it is attached more than once"}}},
"NewPromotion": {"type": "object", "additionalProperties": false, "properties": {
    "variable": {"type": "string", "minLength": 1, "maxLength": 64, "description": "which, when it is attached more than once"}}},
"NewUpgrade": {"type": "object", "additionalProperties": false, "properties": {
    "version": {"type": "string", "minLength": 1, "maxLength": 16, "description": "newer than its own; default: the newest packages of its own"}}},
"UpgradeRollback": {"type": "object", "additionalProperties": false, "required": ["confirm"], "properties": {
    "confirm": {"type": "string", "minLength": 1, "maxLength": 64, "description": "the database's name again: what was written since the upgrade is lost"}}},
"KeptData": {"type": ["object", "null"], "additionalProperties": false,
  "description": "data of the version before an upgrade, until that is confirmed or brought back",
  "required": ["version", "size_bytes", "upgraded"], "properties": {
    "version": {"type": "string"}, "size_bytes": {"type": "integer"}, "upgraded": {"type": "string", "format": "date-time"}}},
"Service": {"type": "object", "additionalProperties": false,
  "required": ["name", "kind", "title", "version", "plan", "state", "host", "port", "address", "memory_bytes", "memory_limit_bytes", "disk_bytes", "disk_limit_bytes", "attachments", "backed_up", "archive", "stats", "kept", "exposed", "created"],
  "properties": {
    "name": {"type": "string"}, "kind": {"type": "string"}, "title": {"type": "string"}, "version": {"type": "string"}, "plan": {"type": "string"},
    "state": {"type": "string", "enum": ["creating", "starting", "up", "stopped", "restarting", "upgrading", "down"]},
    "host": {"type": "string", "description": "as attached apps reach it"}, "port": {"type": "integer"},
    "address": {"type": ["string", "null"], "description": "as this machine reaches it; null: it does not run"},
    "memory_bytes": {"type": "integer", "description": "in use; 0 in a list"}, "memory_limit_bytes": {"type": "integer"},
    "disk_bytes": {"type": "integer", "description": "what its files take, looked at once a minute; 0: not yet"},
    "disk_limit_bytes": {"type": "integer", "description": "of its plan: watched, not enforced"},
    "attachments": {"type": "array", "items": {"$ref": "#/components/schemas/Attachment"}},
    "backed_up": {"type": ["string", "null"], "format": "date-time", "description": "when the newest verified backup was taken"},
    "archive": {"$ref": "#/components/schemas/ArchiveOrNone", "description": "which moments can be brought back; null also in a list"},
    "exposed": {"type": ["object", "null"], "additionalProperties": false, "required": ["port", "allowed", "valid_until"],
      "description": "how it is reached from outside; null: not at all", "properties": {
        "port": {"type": "integer"}, "allowed": {"type": "string", "description": "networks, with commas between"},
        "valid_until": {"type": ["string", "null"], "format": "date-time", "description": "when its certificate ends"}}},
    "stats": {"type": ["object", "null"], "additionalProperties": false, "description": "of one that runs; in a list some minutes old, or null when they are not known yet",
      "required": ["version", "size_bytes", "connections", "max_connections", "hit_ratio", "slow_queries"], "properties": {
        "version": {"type": "string"}, "size_bytes": {"type": "integer"}, "connections": {"type": "integer"},
        "max_connections": {"type": "integer"}, "hit_ratio": {"type": ["number", "null"]}, "slow_queries": {"type": "integer"}}},
    "kept": {"$ref": "#/components/schemas/KeptData"},
    "created": {"type": "string", "format": "date-time"}}},
"SlowStatements": {"type": "array", "items": {"type": "object", "additionalProperties": false,
  "required": ["statement", "calls", "longest_ms", "mean_ms"], "properties": {
    "statement": {"type": "string", "description": "its beginning, without values"}, "calls": {"type": "integer"},
    "longest_ms": {"type": "number"}, "mean_ms": {"type": "number"}}}},
"Services": {"type": "array", "items": {"$ref": "#/components/schemas/Service"}}
})json";

constexpr const char* from_outside = R"json({
"NewExposure": {"type": "object", "additionalProperties": false, "required": ["port", "allow"], "properties": {
    "port": {"type": "integer", "minimum": 1024, "maximum": 65535},
    "allow": {"type": "array", "maxItems": 64, "description": "networks: 192.0.2.0/24, 2001:db8::/32",
      "items": {"type": "string", "minLength": 2, "maxLength": 64}},
    "anyone": {"type": "boolean", "description": "networks that hold nearly all addresses are meant"},
    "rights": {"type": "string", "enum": ["rw", "ro"]}}},
"Exposure": {"type": "object", "additionalProperties": false,
  "required": ["service", "host", "port", "allowed", "user", "rights", "url", "certificate", "fingerprint", "valid_until", "note", "open", "connections", "created"],
  "properties": {
    "service": {"type": "string"}, "host": {"type": "string"}, "port": {"type": "integer"},
    "allowed": {"type": "array", "items": {"type": "string"}},
    "user": {"type": "string", "description": "of those outside; no app has it"}, "rights": {"type": "string", "enum": ["rw", "ro"]},
    "url": {"type": ["string", "null"], "description": "with the password: only in the answer that first exposes it"},
    "certificate": {"type": "string", "description": "PEM, to pin"}, "fingerprint": {"type": "string", "description": "of it, SHA-256"},
    "valid_until": {"type": ["string", "null"], "format": "date-time", "description": "of the certificate; null: it cannot be read"},
    "note": {"type": "string"}, "open": {"type": "boolean", "description": "the port is heard"},
    "connections": {"type": "integer"}, "created": {"type": "string", "format": "date-time"}}}
})json";

}  // namespace

nlohmann::json service_schemas() {
    auto all = nlohmann::json::parse(databases);
    all.update(nlohmann::json::parse(from_outside));
    return all;
}

}  // namespace gasper::web
