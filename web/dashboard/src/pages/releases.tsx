import { useState } from 'react';
import { api, type App, type Job, type Release } from '../api';
import { useChange, useReleases } from '../queries';
import { ago, useNow } from '../time';
import { Dialog, Failure, Icon, Rows, State } from '../ui/parts';

export function Releases({ app, onJob }: { app: App; onJob: (job: Job) => void }) {
  const releases = useReleases(app.name);
  const now = useNow();
  const [back, setBack] = useState<Release | null>(null);
  if (releases.isPending) return <Rows />;
  if (releases.error) return <Failure error={releases.error} />;
  if (releases.data.length === 0) return <p className="muted center">No releases yet.</p>;
  return (
    <section className="card" aria-label="Releases">
      <ul className="release-list">
        {releases.data.map((r) => (
          <li key={r.version} className={r.current ? 'current' : ''}>
            <span className="version">v{r.version}</span>
            <div className="release-what">
              <strong>{r.description}</strong>
              <span className="muted">{r.user} · <time dateTime={r.created}>{ago(r.created, now)}</time>{r.commit && <> · <code>{r.commit.slice(0, 7)}</code></>}</span>
              {r.state === 'failed' && <span className="wrong">{r.reason || 'It did not start.'}</span>}
            </div>
            {r.current && <span className="tag">current</span>}
            {!r.current && r.state !== 'succeeded' && <State state={r.state} />}
            {!r.current && r.state === 'succeeded' && <button className="button small" onClick={() => setBack(r)} disabled={app.state === 'deploying'}><Icon name="back" />Roll back</button>}
          </li>
        ))}
      </ul>
      {back && <RollBack app={app} to={back} onClose={() => setBack(null)} onJob={onJob} />}
    </section>
  );
}

function RollBack({ app, to, onClose, onJob }: { app: App; to: Release; onClose: () => void; onJob: (job: Job) => void }) {
  const change = useChange((version: number) => api.rollback(app.name, version), [['app', app.name]]);
  return (
    <Dialog title={`Roll back to v${to.version}?`} onClose={onClose}>
      <p>Code and config vars of v{to.version} ({to.description}) become a new release. The one that serves now goes on until the new one is healthy.</p>
      <Failure error={change.error} />
      <div className="dialog-actions">
        <button className="button" onClick={onClose}>Cancel</button>
        <button className="button primary" autoFocus disabled={change.isPending} onClick={() => change.mutate(to.version, { onSuccess: (job) => { onJob(job); onClose(); } })}>Roll back to v{to.version}</button>
      </div>
    </Dialog>
  );
}
