// The REST API as typed functions. Shapes follow /api/openapi.json; the session is an HttpOnly cookie.

export type AppState = 'new' | 'up' | 'deploying' | 'crashed' | 'down';
export type InstanceState = 'starting' | 'up' | 'crashed' | 'stopping' | 'down';
export type JobState = 'waiting' | 'running' | 'succeeded' | 'failed' | 'aborted';
export type ReleaseState = 'pending' | 'succeeded' | 'failed';
export type BuildState = 'running' | 'succeeded' | 'failed';

export interface User { id: number; name: string; admin: boolean }
export interface Server { version: string; domain: string; git_url: string }
export interface App {
  name: string; state: AppState; language: string; release: number; released: string | null;
  urls: string[]; git_url: string; formation: Record<string, number>; created: string;
}
export interface Release {
  version: number; description: string; commit: string; build: number | null; user: string;
  state: ReleaseState; reason: string; current: boolean;
  processes: Record<string, string>; config_names: string[]; created: string;
}
export interface Build {
  id: number; job: number | null; commit: string; buildpack: string; state: BuildState; reason: string;
  created: string; finished: string | null;
}
export interface Instance { name: string; command: string; state: InstanceState; release: number; node: string; since: string }
export interface Job {
  id: number; kind: string; app: string; state: JobState; step: string; reason: string; user: string;
  created: string; finished: string | null;
}
export interface Key { id: number; name: string; fingerprint: string; key: string; created: string }
export type Config = Record<string, string>;

/** A refusal of the API: `code` is stable, the message is for a person. */
export class Refusal extends Error {
  constructor(readonly status: number, readonly code: string, message: string) {
    super(message);
  }
}

export async function send<T>(method: string, path: string, body?: unknown): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(path, {
      method,
      credentials: 'same-origin',
      headers: body === undefined ? {} : { 'Content-Type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new Refusal(0, 'offline', 'The server does not answer.');
  }
  if (answer.status === 204) return undefined as T;
  const value = await answer.json().catch(() => null);
  if (answer.ok) return value as T;
  throw new Refusal(answer.status, value?.code ?? 'unknown', value?.detail ?? `The server answered ${answer.status}.`);
}

export const v1 = '/api/v1';
const app = (name: string) => `${v1}/apps/${encodeURIComponent(name)}`;

export const api = {
  login: (name: string, password: string) => send<{ user: User }>('POST', `${v1}/auth/session`, { name, password }),
  logout: () => send<void>('DELETE', `${v1}/auth/session`),
  user: () => send<User>('GET', `${v1}/user`),
  server: () => send<Server>('GET', `${v1}/version`),
  apps: () => send<App[]>('GET', `${v1}/apps`),
  app: (name: string) => send<App>('GET', app(name)),
  createApp: (name: string) => send<App>('POST', `${v1}/apps`, { name }),
  destroyApp: (name: string) => send<void>('DELETE', `${app(name)}?confirm=${encodeURIComponent(name)}`),
  restart: (name: string) => send<Job>('POST', `${app(name)}/restart`),
  instances: (name: string) => send<Instance[]>('GET', `${app(name)}/instances`),
  config: (name: string) => send<Config>('GET', `${app(name)}/config`),
  setConfig: (name: string, changes: Record<string, string | null>) => send<Job | Config>('PATCH', `${app(name)}/config`, changes),
  releases: (name: string) => send<Release[]>('GET', `${app(name)}/releases`),
  rollback: (name: string, version: number) => send<Job>('POST', `${app(name)}/releases`, { rollback: version }),
  builds: (name: string) => send<Build[]>('GET', `${app(name)}/builds`),
  job: (id: number) => send<Job>('GET', `${v1}/jobs/${id}`),
  jobLog: (id: number) => `${v1}/jobs/${id}/log`,
  keys: () => send<Key[]>('GET', `${v1}/keys`),
  addKey: (name: string, key: string) => send<Key>('POST', `${v1}/keys`, { name, key }),
  removeKey: (fingerprint: string) => send<void>('DELETE', `${v1}/keys/${encodeURIComponent(fingerprint)}`),
  buildLog: (name: string, id: number) => `${app(name)}/builds/${id}/log`,
  logs: (name: string) => `${app(name)}/logs?lines=300&follow=true`,
};
