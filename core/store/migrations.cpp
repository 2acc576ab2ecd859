#include "core/store/migrations.hpp"

namespace gasper::store {

namespace {

// Times are milliseconds since the epoch. `config` is sealed with secret.key; the other columns hold no secret.
constexpr const char* first_tables = R"sql(
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
constexpr const char* routing_rows = R"sql(
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

// A job's steps and the job that began it; the indexes make the removal of old rows cheap.
constexpr const char* job_trees = R"sql(
ALTER TABLE jobs ADD COLUMN parent INTEGER REFERENCES jobs;
CREATE TABLE job_steps (
    job INTEGER NOT NULL REFERENCES jobs ON DELETE CASCADE, number INTEGER NOT NULL, name TEXT NOT NULL,
    state TEXT NOT NULL, begun INTEGER NOT NULL, ended INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (job, number)) STRICT, WITHOUT ROWID;
CREATE INDEX jobs_by_parent ON jobs (parent) WHERE parent IS NOT NULL;
CREATE INDEX builds_by_job ON builds (job);
CREATE INDEX releases_by_build ON releases (build);
)sql";

// What a release has mounted is part of it; a volume outlives its apps.
constexpr const char* volumes = R"sql(
CREATE TABLE volumes (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, owner INTEGER NOT NULL REFERENCES users,
    created INTEGER NOT NULL) STRICT;
CREATE TABLE release_mounts (
    release INTEGER NOT NULL REFERENCES releases ON DELETE CASCADE, path TEXT NOT NULL,
    volume INTEGER NOT NULL REFERENCES volumes ON DELETE CASCADE, PRIMARY KEY (release, path)) STRICT, WITHOUT ROWID;
CREATE INDEX mounts_by_volume ON release_mounts (volume);
)sql";

// A run is claimed by its row: no time of an entry happens twice.
constexpr const char* cron = R"sql(
CREATE TABLE release_cron (
    release INTEGER NOT NULL REFERENCES releases ON DELETE CASCADE, position INTEGER NOT NULL, schedule TEXT NOT NULL,
    zone TEXT NOT NULL, command TEXT NOT NULL, overlap TEXT NOT NULL, PRIMARY KEY (release, position)) STRICT, WITHOUT ROWID;
CREATE TABLE cron_entries (
    id INTEGER PRIMARY KEY, app INTEGER NOT NULL REFERENCES apps ON DELETE CASCADE, schedule TEXT NOT NULL,
    zone TEXT NOT NULL, command TEXT NOT NULL, overlap TEXT NOT NULL, from_file INTEGER NOT NULL,
    active INTEGER NOT NULL, seen INTEGER NOT NULL) STRICT;
CREATE UNIQUE INDEX cron_of_files ON cron_entries (app, schedule, zone, command) WHERE from_file;
CREATE INDEX cron_by_app ON cron_entries (app);
CREATE TABLE cron_runs (
    entry INTEGER NOT NULL REFERENCES cron_entries ON DELETE CASCADE, scheduled INTEGER NOT NULL,
    job INTEGER, outcome TEXT NOT NULL, PRIMARY KEY (entry, scheduled)) STRICT, WITHOUT ROWID;
CREATE INDEX cron_running ON cron_runs (outcome) WHERE outcome = 'running';
)sql";

// A release remembers the name of a volume that was destroyed since: a rollback to it is refused for that reason.
constexpr const char* remembered_mounts = R"sql(
CREATE TABLE mounts (
    release INTEGER NOT NULL REFERENCES releases ON DELETE CASCADE, path TEXT NOT NULL,
    volume INTEGER REFERENCES volumes ON DELETE SET NULL, name TEXT NOT NULL,
    PRIMARY KEY (release, path)) STRICT, WITHOUT ROWID;
INSERT INTO mounts SELECT m.release, m.path, m.volume, v.name FROM release_mounts m JOIN volumes v ON v.id = m.volume;
DROP TABLE release_mounts;
ALTER TABLE mounts RENAME TO release_mounts;
CREATE INDEX mounts_by_volume ON release_mounts (volume);
)sql";

// Where logs are sent.
constexpr const char* drains = R"sql(
CREATE TABLE drains (
    id INTEGER PRIMARY KEY, app INTEGER NOT NULL REFERENCES apps ON DELETE CASCADE, url BLOB NOT NULL,
    anywhere INTEGER NOT NULL, position INTEGER NOT NULL, dropped INTEGER NOT NULL DEFAULT 0,
    last_error TEXT NOT NULL DEFAULT '', created INTEGER NOT NULL) STRICT;
CREATE INDEX drains_by_app ON drains (app);
)sql";

// An attachment is an app's user in a database; its variable is the app's alone. What a release got from its
// attachments is marked: a rollback takes today's instead.
constexpr const char* services = R"sql(
CREATE TABLE services (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, version TEXT NOT NULL, plan TEXT NOT NULL,
    owner INTEGER NOT NULL REFERENCES users, made INTEGER NOT NULL DEFAULT 0, stopped INTEGER NOT NULL DEFAULT 0,
    created INTEGER NOT NULL) STRICT;
CREATE TABLE attachments (
    id INTEGER PRIMARY KEY, service INTEGER NOT NULL REFERENCES services ON DELETE CASCADE,
    app INTEGER NOT NULL REFERENCES apps ON DELETE CASCADE, variable TEXT NOT NULL, user TEXT NOT NULL UNIQUE,
    password BLOB NOT NULL, rights TEXT NOT NULL, active INTEGER NOT NULL, created INTEGER NOT NULL,
    UNIQUE (app, variable)) STRICT;
CREATE INDEX attachments_by_service ON attachments (service);
CREATE TABLE release_services (
    release INTEGER NOT NULL REFERENCES releases ON DELETE CASCADE, variable TEXT NOT NULL,
    PRIMARY KEY (release, variable)) STRICT, WITHOUT ROWID;
)sql";

// What people said of machines, and of how apps grow.
constexpr const char* scaling = R"sql(
CREATE TABLE nodes (
    name TEXT PRIMARY KEY, draining INTEGER NOT NULL, labels TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE autoscaling (
    app INTEGER NOT NULL REFERENCES apps ON DELETE CASCADE, process TEXT NOT NULL, least INTEGER NOT NULL,
    most INTEGER NOT NULL, signal TEXT NOT NULL, target REAL NOT NULL, cooldown INTEGER NOT NULL,
    PRIMARY KEY (app, process)) STRICT, WITHOUT ROWID;
)sql";

// A backup outlives its service: what is needed to bring that back stands with it.
constexpr const char* backups = R"sql(
CREATE TABLE backups (
    id INTEGER PRIMARY KEY AUTOINCREMENT, service INTEGER REFERENCES services ON DELETE SET NULL,
    service_name TEXT NOT NULL, owner INTEGER REFERENCES users ON DELETE SET NULL, kind TEXT NOT NULL, version TEXT NOT NULL,
    plan TEXT NOT NULL, place TEXT NOT NULL, object TEXT NOT NULL, origin TEXT NOT NULL, state TEXT NOT NULL,
    verified INTEGER, problem TEXT NOT NULL, size INTEGER NOT NULL, dump_size INTEGER NOT NULL,
    created INTEGER NOT NULL) STRICT;
CREATE INDEX backups_by_service ON backups (service_name, created);
CREATE TABLE backup_schedules (
    service INTEGER PRIMARY KEY REFERENCES services ON DELETE CASCADE, schedule TEXT NOT NULL, zone TEXT NOT NULL,
    keep TEXT NOT NULL, place TEXT NOT NULL, seen INTEGER NOT NULL, alarmed INTEGER NOT NULL,
    created INTEGER NOT NULL) STRICT;
CREATE TABLE backup_stores (
    name TEXT PRIMARY KEY, endpoint TEXT NOT NULL, region TEXT NOT NULL, bucket TEXT NOT NULL, prefix TEXT NOT NULL,
    access_key TEXT NOT NULL, secret BLOB NOT NULL, created INTEGER NOT NULL) STRICT, WITHOUT ROWID;
)sql";

// What is kept of a service's data of an earlier version, and whether it is on its way.
constexpr const char* upgrades = R"sql(
CREATE TABLE service_upgrades (
    service INTEGER PRIMARY KEY REFERENCES services ON DELETE CASCADE, version_before TEXT NOT NULL,
    version_after TEXT NOT NULL, directory TEXT NOT NULL, state TEXT NOT NULL, inode INTEGER NOT NULL, job INTEGER NOT NULL,
    size INTEGER NOT NULL, created INTEGER NOT NULL) STRICT;
)sql";

// Which services are reached from outside. Certificate, key and password stand sealed.
constexpr const char* exposures = R"sql(
CREATE TABLE exposures (
    service INTEGER PRIMARY KEY REFERENCES services ON DELETE CASCADE, port INTEGER NOT NULL UNIQUE, allowed TEXT NOT NULL,
    user TEXT NOT NULL UNIQUE, password BLOB NOT NULL, rights TEXT NOT NULL, certificate BLOB NOT NULL, key BLOB NOT NULL,
    created INTEGER NOT NULL) STRICT;
)sql";

// Archives of services' logs. They outlive their services as backups do, until they are too old.
constexpr const char* archives = R"sql(
CREATE TABLE archives (
    id INTEGER PRIMARY KEY AUTOINCREMENT, service INTEGER UNIQUE REFERENCES services ON DELETE SET NULL,
    service_name TEXT NOT NULL, owner INTEGER REFERENCES users ON DELETE SET NULL, kind TEXT NOT NULL, plan TEXT NOT NULL,
    place TEXT NOT NULL, keep INTEGER NOT NULL, active INTEGER NOT NULL, run TEXT NOT NULL, problem TEXT NOT NULL,
    failing INTEGER NOT NULL, told INTEGER NOT NULL, base_problem TEXT NOT NULL, base_tried INTEGER NOT NULL,
    created INTEGER NOT NULL) STRICT;
CREATE INDEX archives_by_name ON archives (service_name);
CREATE TABLE archive_bases (
    id INTEGER PRIMARY KEY AUTOINCREMENT, archive INTEGER NOT NULL REFERENCES archives ON DELETE CASCADE, run TEXT NOT NULL,
    version TEXT NOT NULL, place TEXT NOT NULL, object TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
    begins INTEGER NOT NULL, size INTEGER NOT NULL, full_size INTEGER NOT NULL, verified INTEGER,
    created INTEGER NOT NULL) STRICT;
CREATE INDEX bases_by_archive ON archive_bases (archive, begins);
CREATE TABLE archive_segments (
    archive INTEGER NOT NULL REFERENCES archives ON DELETE CASCADE, run TEXT NOT NULL, number INTEGER NOT NULL,
    name TEXT NOT NULL, place TEXT NOT NULL, object TEXT NOT NULL, until INTEGER NOT NULL, size INTEGER NOT NULL,
    full_size INTEGER NOT NULL, PRIMARY KEY (archive, run, number)) STRICT, WITHOUT ROWID;
)sql";

// What was told of certificates that are failing, so that a restart does not tell it again.
constexpr const char* certificate_alarms = R"sql(
CREATE TABLE certificate_alarms (
    owner TEXT PRIMARY KEY, certificate TEXT NOT NULL, ending INTEGER NOT NULL, refused TEXT NOT NULL) STRICT, WITHOUT ROWID;
)sql";

// Since when a schedule waits for a verified backup.
constexpr const char* unproved_backups = R"sql(
ALTER TABLE backup_schedules ADD COLUMN unproved INTEGER NOT NULL DEFAULT 0;
UPDATE backup_schedules SET unproved = seen WHERE seen > created;
)sql";

}  // namespace

std::vector<const char*> migrations() {
    return {first_tables,       process_settings, routing_rows, audit,   webhooks, job_trees, volumes,   cron,
            remembered_mounts,  drains,           services,     scaling, backups,  upgrades,  exposures, archives,
            certificate_alarms, unproved_backups};
}

}  // namespace gasper::store
