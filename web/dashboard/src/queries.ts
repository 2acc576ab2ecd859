// What pages read, and how often it is read anew while it is on screen.
import { QueryCache, QueryClient, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, Refusal, type App, type Job } from './api';
import { databases, type Backups, type Database } from './databases';

const lostSession = (error: Error) => error instanceof Refusal && error.status === 401;

export const client: QueryClient = new QueryClient({
  // A session that has ended shows itself in any answer: ask who we are, and the login page follows.
  queryCache: new QueryCache({
    onError: (error, query) => {
      if (lostSession(error) && query.queryKey[0] !== 'user') void client.invalidateQueries({ queryKey: ['user'] });
    },
  }),
  defaultOptions: {
    queries: {
      staleTime: 1000,
      retry: (count, error) => !(error instanceof Refusal && error.status >= 400 && error.status < 500) && count < 3,
    },
  },
});

const busy = (app: App | undefined) => app?.state === 'deploying';

export const useUser = () => useQuery({ queryKey: ['user'], queryFn: api.user, retry: false, staleTime: 60_000 });
export const useServer = () => useQuery({ queryKey: ['server'], queryFn: api.server, staleTime: Infinity });
export const useApps = () =>
  useQuery({ queryKey: ['apps'], queryFn: api.apps, refetchInterval: (q) => (q.state.data?.some(busy) ? 1500 : 4000) });
export const useApp = (name: string) =>
  useQuery({ queryKey: ['app', name], queryFn: () => api.app(name), refetchInterval: (q) => (busy(q.state.data) ? 1000 : 4000) });
export const useInstances = (name: string) =>
  useQuery({ queryKey: ['app', name, 'instances'], queryFn: () => api.instances(name), refetchInterval: 3000 });
export const useReleases = (name: string) =>
  useQuery({ queryKey: ['app', name, 'releases'], queryFn: () => api.releases(name), refetchInterval: 4000 });
export const useBuilds = (name: string) =>
  useQuery({ queryKey: ['app', name, 'builds'], queryFn: () => api.builds(name), refetchInterval: 3000 });
export const useConfig = (name: string) => useQuery({ queryKey: ['app', name, 'config'], queryFn: () => api.config(name) });

const changing = (d: Database | undefined) => !!d && d.state !== 'up' && d.state !== 'stopped' && d.state !== 'down';
const beingMade = (b: Backups | undefined) => b?.backups.some((one) => !one.verified && !one.problem) ?? false;

export const useKinds = () => useQuery({ queryKey: ['kinds'], queryFn: databases.kinds, staleTime: Infinity });
export const useDatabases = () =>
  useQuery({ queryKey: ['databases'], queryFn: databases.list, refetchInterval: (q) => (q.state.data?.some(changing) ? 1500 : 4000) });
// What one says of itself costs its server two processes: not too often.
export const useDatabase = (name: string) =>
  useQuery({ queryKey: ['database', name], queryFn: () => databases.show(name), refetchInterval: (q) => (changing(q.state.data) ? 1500 : 8000) });
export const useSlow = (name: string, enabled: boolean) =>
  useQuery({ queryKey: ['database', name, 'slow'], queryFn: () => databases.slow(name), enabled, refetchInterval: 30_000 });
export const useBackups = (name: string) =>
  useQuery({ queryKey: ['database', name, 'backups'], queryFn: () => databases.backups(name), refetchInterval: (q) => (beingMade(q.state.data) ? 1500 : 8000) });
export const useStores = () => useQuery({ queryKey: ['stores'], queryFn: databases.stores });
export const useExposure = (name: string) =>
  useQuery({ queryKey: ['database', name, 'exposure'], queryFn: () => databases.exposure(name), refetchInterval: 8000 });
/** The newest piece of work about a database, to go on following it after the page was left. */
export const useNewestJob = (name: string) => useQuery({ queryKey: ['database', name, 'jobs'], queryFn: () => databases.jobs(name), retry: false });
export const useKeys = () => useQuery({ queryKey: ['keys'], queryFn: api.keys });

export const ended = (job: Job | undefined) => !!job && job.state !== 'waiting' && job.state !== 'running';

/** Follows a job until it has ended; everything about its app, and about databases, is read anew then. */
export function useJob(id: number | null) {
  const queries = useQueryClient();
  return useQuery({
    queryKey: ['job', id],
    enabled: id !== null,
    queryFn: async () => {
      const job = await api.job(id!);
      if (ended(job)) for (const queryKey of [['app', job.app], ['databases'], ['database']]) void queries.invalidateQueries({ queryKey });
      return job;
    },
    refetchInterval: (q) => (ended(q.state.data) ? false : 700),
  });
}

/** A change: runs `change`, then reads the named queries anew. */
export function useChange<In, Out>(change: (input: In) => Promise<Out>, anew: unknown[][]) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: change,
    gcTime: 0, // an answer may hold what is shown once
    // Not waited for: what is read anew may be slow, and whoever changed it may be gone from the page by then.
    onSuccess: () => { for (const queryKey of anew) void queries.invalidateQueries({ queryKey }); },
  });
}
