// The API's databases as typed functions. There they are called services.
import { send, v1, type Job } from './api';

export type DatabaseState = 'creating' | 'starting' | 'up' | 'stopped' | 'restarting' | 'upgrading' | 'down';
export type BackupState = 'running' | 'stored' | 'failed';
export type Rights = 'rw' | 'ro';
export type Order = 'start' | 'stop' | 'restart';

export interface Plan { name: string; memory_bytes: number; cpus: number }
export interface Kind { name: string; title: string; versions: string[]; variable: string; slow_statements: boolean; plans: Plan[] }
export interface Attachment { app: string; variable: string; user: string; rights: Rights; active: boolean }
export interface Figures {
  version: string; size_bytes: number; connections: number; max_connections: number; hit_ratio: number | null; slow_queries: number;
}
export interface Kept { version: string; size_bytes: number; upgraded: string }
export interface Database {
  name: string; kind: string; title: string; version: string; plan: string; state: DatabaseState;
  host: string; port: number; address: string | null; memory_bytes: number; memory_limit_bytes: number;
  attachments: Attachment[]; backed_up: string | null; stats: Figures | null; kept: Kept | null;
  exposed: { port: number; allowed: string } | null; created: string;
}
export interface SlowStatement { statement: string; calls: number; longest_ms: number; mean_ms: number }
export interface Backup {
  id: number; service: string; kind: string; version: string; place: string; origin: 'manual' | 'schedule' | 'final'; state: BackupState;
  verified: string | null; problem: string; size_bytes: number; dump_bytes: number; created: string;
}
export interface Schedule { schedule: string; zone: string; keep: string; place: string; next: string | null }
export interface Backups { backups: Backup[]; schedule: Schedule | null; alarm: string }
export interface Store { name: string }
export interface Exposure {
  service: string; host: string; port: number; allowed: string[]; user: string; rights: Rights; url: string | null;
  certificate: string; fingerprint: string; note: string; open: boolean; connections: number; created: string;
}

export interface NewDatabase { kind: string; name: string; plan: string; version: string }
export interface NewAttachment { app: string; as?: string; rights: Rights }
export interface NewExposure { port: number; allow: string[]; anyone: boolean; rights?: Rights }
export interface NewSchedule { schedule: string; zone: string; keep: string; to: string }

const database = (name: string) => `${v1}/services/${encodeURIComponent(name)}`;
const attachment = (name: string, a: Attachment) => `${database(name)}/attachments/${encodeURIComponent(a.app)}`;

export const databases = {
  kinds: () => send<Kind[]>('GET', `${v1}/service-kinds`),
  list: () => send<Database[]>('GET', `${v1}/services`),
  create: (wanted: NewDatabase) => send<Job>('POST', `${v1}/services`, wanted),
  show: (name: string) => send<Database>('GET', database(name)),
  slow: (name: string) => send<SlowStatement[]>('GET', `${database(name)}/slow`),
  jobs: (name: string) => send<Job[]>('GET', `${v1}/jobs?limit=1&app=${encodeURIComponent(`service:${name}`)}`),
  order: (name: string, what: Order) => send<Job>('POST', `${database(name)}/orders`, { do: what }),
  destroy: (name: string) => send<Job>('DELETE', `${database(name)}?confirm=${encodeURIComponent(name)}`),

  attach: (name: string, wanted: NewAttachment) => send<Job>('POST', `${database(name)}/attachments`, wanted),
  detach: (name: string, a: Attachment) => send<Job>('DELETE', `${attachment(name, a)}?variable=${encodeURIComponent(a.variable)}`),
  promote: (name: string, a: Attachment) => send<Job>('POST', `${attachment(name, a)}/promotion`, { variable: a.variable }),
  rotate: (name: string, a: Attachment) => send<Job>('POST', `${attachment(name, a)}/rotation`, { variable: a.variable }),

  backups: (name: string) => send<Backups>('GET', `${database(name)}/backups`),
  backUp: (name: string, to: string) => send<Job>('POST', `${database(name)}/backups`, { to }),
  removeBackup: (name: string, id: number) => send<void>('DELETE', `${database(name)}/backups/${id}`),
  restore: (name: string, id: number, how: { into: string } | { confirm: string }) => send<Job>('POST', `${database(name)}/backups/${id}/restore`, how),
  schedule: (name: string, wanted: NewSchedule) => send<Backups>('PUT', `${database(name)}/backup-schedule`, wanted),
  unschedule: (name: string) => send<void>('DELETE', `${database(name)}/backup-schedule`),
  stores: () => send<Store[]>('GET', `${v1}/backup-stores`),

  upgrade: (name: string, version?: string) => send<Job>('POST', `${database(name)}/upgrade`, version ? { version } : {}),
  confirmUpgrade: (name: string) => send<void>('POST', `${database(name)}/upgrade/confirmation`),
  rollBack: (name: string) => send<Job>('POST', `${database(name)}/upgrade/rollback`, { confirm: name }),

  exposure: (name: string) => send<Exposure>('GET', `${database(name)}/exposure`),
  expose: (name: string, wanted: NewExposure) => send<Exposure>('PUT', `${database(name)}/exposure`, wanted),
  unexpose: (name: string) => send<void>('DELETE', `${database(name)}/exposure`),
};

/** "service:blue" is the key of a job that is about the database blue. */
export const databaseOf = (job: Job) => (job.app.startsWith('service:') ? job.app.slice('service:'.length) : null);

/** Versions of a kind that are newer than its own, by their numbers. */
export function newerVersions(kind: Kind | undefined, version: string): string[] {
  return (kind?.versions ?? []).filter((v) => v.localeCompare(version, 'en', { numeric: true }) > 0);
}
