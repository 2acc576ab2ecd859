#include "core/store/migrations.hpp"

namespace gasper::store {

namespace {

// Times are milliseconds since the epoch. `config` is sealed with secret.key; the other columns hold no secret.
constexpr const char* first = R"sql(
CREATE TABLE users (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, password TEXT NOT NULL DEFAULT '',
    admin INTEGER NOT NULL DEFAULT 0, created INTEGER NOT NULL) STRICT;
CREATE TABLE keys (
    id INTEGER PRIMARY KEY, user INTEGER NOT NULL REFERENCES users ON DELETE CASCADE, name TEXT NOT NULL,
    fingerprint TEXT NOT NULL UNIQUE, line TEXT NOT NULL, created INTEGER NOT NULL, UNIQUE (user, name)) STRICT;
CREATE TABLE apps (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, owner INTEGER NOT NULL REFERENCES users,
    current INTEGER REFERENCES releases, language TEXT NOT NULL DEFAULT '', created INTEGER NOT NULL) STRICT;
CREATE TABLE formation (
    app INTEGER NOT NULL REFERENCES apps ON DELETE CASCADE, process TEXT NOT NULL, quantity INTEGER NOT NULL,
    PRIMARY KEY (app, process)) STRICT, WITHOUT ROWID;
CREATE TABLE builds (
    id INTEGER PRIMARY KEY, app INTEGER NOT NULL REFERENCES apps ON DELETE CASCADE, job INTEGER NOT NULL REFERENCES jobs,
    commit_id TEXT NOT NULL, buildpack TEXT NOT NULL DEFAULT '', state TEXT NOT NULL, reason TEXT NOT NULL DEFAULT '',
    directory TEXT NOT NULL DEFAULT '', image TEXT NOT NULL DEFAULT '', processes TEXT NOT NULL DEFAULT '{}',
    created INTEGER NOT NULL, finished INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE INDEX builds_by_app ON builds (app, id);
CREATE TABLE releases (
    id INTEGER PRIMARY KEY, app INTEGER NOT NULL REFERENCES apps ON DELETE CASCADE, version INTEGER NOT NULL,
    build INTEGER REFERENCES builds, commit_id TEXT NOT NULL DEFAULT '', description TEXT NOT NULL,
    user TEXT NOT NULL, config BLOB NOT NULL, directory TEXT NOT NULL DEFAULT '', image TEXT NOT NULL DEFAULT '',
    processes TEXT NOT NULL DEFAULT '{}', limits TEXT NOT NULL DEFAULT '{}', state TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '', created INTEGER NOT NULL, UNIQUE (app, version)) STRICT;
CREATE TABLE jobs (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, key TEXT NOT NULL, input TEXT NOT NULL, step TEXT NOT NULL DEFAULT '',
    state TEXT NOT NULL, reason TEXT NOT NULL DEFAULT '', user TEXT NOT NULL, created INTEGER NOT NULL,
    finished INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE INDEX jobs_by_state ON jobs (state) WHERE state IN ('waiting', 'running');
CREATE INDEX jobs_by_key ON jobs (key, id);
CREATE TABLE events (
    id INTEGER PRIMARY KEY, app INTEGER NOT NULL REFERENCES apps ON DELETE CASCADE, at INTEGER NOT NULL,
    text TEXT NOT NULL) STRICT;
CREATE INDEX events_by_app ON events (app, id);
)sql";

// Settings per process type, and apps that are stopped.
constexpr const char* process_settings = R"sql(
ALTER TABLE releases ADD COLUMN declared TEXT NOT NULL DEFAULT '{}';
ALTER TABLE releases ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';
ALTER TABLE apps ADD COLUMN stopped INTEGER NOT NULL DEFAULT 0;
)sql";

// Maintenance and sleep.
constexpr const char* routing = R"sql(
CREATE TABLE routing (
    app INTEGER PRIMARY KEY REFERENCES apps ON DELETE CASCADE, maintenance INTEGER NOT NULL DEFAULT 0,
    page TEXT NOT NULL DEFAULT '', sleep_after INTEGER NOT NULL DEFAULT 0, stop_after INTEGER NOT NULL DEFAULT 0,
    stage TEXT NOT NULL DEFAULT 'awake', stage_since INTEGER NOT NULL DEFAULT 0) STRICT;
)sql";

// Who changed what. Jobs and releases are written down by the same transaction that changes them.
constexpr const char* audit = R"sql(
CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, user TEXT NOT NULL, action TEXT NOT NULL,
    app TEXT NOT NULL DEFAULT '', detail TEXT NOT NULL DEFAULT '') STRICT;
CREATE INDEX audit_by_app ON audit (app, id);
CREATE TRIGGER audit_never_changes BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER audit_never_shrinks BEFORE DELETE ON audit WHEN old.id > (SELECT max(id) FROM audit) - 100000
BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER audit_job_starts AFTER INSERT ON jobs BEGIN
    INSERT INTO audit (at, user, action, app, detail)
    VALUES (new.created, new.user, new.kind || '.started', new.key, 'job ' || new.id); END;
CREATE TRIGGER audit_job_ends AFTER UPDATE OF state ON jobs
WHEN new.state IN ('succeeded', 'failed', 'aborted') AND old.state NOT IN ('succeeded', 'failed', 'aborted') BEGIN
    INSERT INTO audit (at, user, action, app, detail)
    VALUES (new.finished, new.user, new.kind || '.' || new.state, new.key,
            'job ' || new.id || iif(new.reason = '', '', ': ' || substr(new.reason, 1, 900))); END;
CREATE TRIGGER audit_release AFTER INSERT ON releases BEGIN
    INSERT INTO audit (at, user, action, app, detail)
    VALUES (new.created, new.user, 'release.created', coalesce((SELECT name FROM apps WHERE id = new.app), ''),
            'v' || new.version || ': ' || substr(new.description, 1, 900)); END;
)sql";

// Who wants to hear of it.
constexpr const char* webhooks = R"sql(
CREATE TABLE webhooks (
    id INTEGER PRIMARY KEY, app INTEGER NOT NULL REFERENCES apps ON DELETE CASCADE, url TEXT NOT NULL,
    actions TEXT NOT NULL, secret BLOB NOT NULL, anywhere INTEGER NOT NULL, position INTEGER NOT NULL,
    failures INTEGER NOT NULL DEFAULT 0, failing_since INTEGER NOT NULL DEFAULT 0, last_error TEXT NOT NULL DEFAULT '',
    created INTEGER NOT NULL) STRICT;
CREATE INDEX webhooks_by_app ON webhooks (app);
)sql";

}  // namespace

std::vector<const char*> migrations() {
    return {first, process_settings, routing, audit, webhooks};
}

}  // namespace gasper::store
