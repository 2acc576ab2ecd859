// What pages read, and how often it is read anew while it is on screen.
import { QueryCache, QueryClient, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, Refusal, type App, type Job } from './api';

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
export const useKeys = () => useQuery({ queryKey: ['keys'], queryFn: api.keys });

const ended = (job: Job | undefined) => !!job && job.state !== 'waiting' && job.state !== 'running';

/** Follows a job until it has ended; everything about its app is read anew then. */
export function useJob(id: number | null) {
  const queries = useQueryClient();
  return useQuery({
    queryKey: ['job', id],
    enabled: id !== null,
    queryFn: async () => {
      const job = await api.job(id!);
      if (ended(job)) void queries.invalidateQueries({ queryKey: ['app', job.app] });
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
    onSuccess: () => Promise.all(anew.map((queryKey) => queries.invalidateQueries({ queryKey }))),
  });
}
