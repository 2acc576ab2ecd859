import { useEffect, useState } from 'react';
import { Refusal, type Job } from '../api';
import { databases, type Database, type Order } from '../databases';
import { ended, useBackups, useChange, useDatabase, useKinds, useNewestJob, useSlow } from '../queries';
import { go, link } from '../route';
import { bytes, milliseconds } from '../sizes';
import { ago, useNow } from '../time';
import { Ask, Copy, Failure, Icon, Meter, Notice, Rows, State, Tabs } from '../ui/parts';
import { Attachments } from './attachments';
import { BackupList, BackupsTab } from './backups';
import { Outside } from './outside';
import { Versions } from './versions';

const tabs = [['overview', 'Overview'], ['apps', 'Apps'], ['backups', 'Backups'], ['outside', 'From outside'], ['settings', 'Settings']] as const;

interface PageProps { name: string; tab: string; job: Job | null; onJob: (job: Job) => void }

export function DatabasePage({ name, tab, job, onJob }: PageProps) {
  const database = useDatabase(name);
  const newest = useNewestJob(name).data?.[0];
  useEffect(() => {
    if (!job && newest && !ended(newest)) onJob(newest);
  }, [newest?.id]);
  if (database.error instanceof Refusal && database.error.status === 404) return <Gone name={name} onJob={onJob} />;
  if (!database.data) return database.error ? <Failure error={database.error} /> : <Rows n={5} />;
  const d = database.data;
  return (
    <>
      <Head database={d} onJob={onJob} />
      <Tabs of={name} base={`/databases/${name}`} tabs={tabs} open={tab} />
      {tab === 'overview' && <Overview database={d} />}
      {tab === 'apps' && <Attachments database={d} onJob={onJob} />}
      {tab === 'backups' && <BackupsTab name={name} onJob={onJob} />}
      {tab === 'outside' && <Outside database={d} />}
      {tab === 'settings' && <Settings database={d} onJob={onJob} />}
    </>
  );
}

/** Of one that is gone, backups may be left. */
function Gone({ name, onJob }: { name: string; onJob: (job: Job) => void }) {
  const left = useBackups(name);
  return (
    <>
      <Notice kind="plain" title={`There is no database ${name}`}><a {...link('/databases')}>All databases</a></Notice>
      {(left.data?.backups.length ?? 0) > 0 && <BackupList name={name} gone backups={left.data!.backups} onJob={onJob} />}
    </>
  );
}

const orders: Record<Order, { title: string; about: string }> = {
  start: { title: 'Start', about: '' },
  stop: { title: 'Stop', about: 'Attached apps cannot reach it until it is started again. Its data stays.' },
  restart: { title: 'Restart', about: 'Attached apps cannot reach it for some seconds. Its data stays.' },
};

function Head({ database: d, onJob }: { database: Database; onJob: (job: Job) => void }) {
  const [asking, ask] = useState<Order | null>(null);
  const change = useChange((what: Order) => databases.order(d.name, what), [['databases'], ['database', d.name]]);
  const order = (what: Order) => change.mutate(what, { onSuccess: (job) => { onJob(job); ask(null); } });
  const settled = d.state === 'up' || d.state === 'down' || d.state === 'restarting';
  return (
    <>
      <div className="page-head">
        <div className="app-title">
          <h1>{d.name}</h1>
          <State state={d.state} />
        </div>
        <div className="page-actions">
          {d.state === 'stopped' && <button className="button primary" disabled={change.isPending} onClick={() => order('start')}><Icon name="start" />Start</button>}
          {d.state !== 'stopped' && <button className="button" disabled={!settled} onClick={() => { change.reset(); ask('restart'); }}><Icon name="restart" />Restart</button>}
          {d.state !== 'stopped' && <button className="button" disabled={!settled} onClick={() => { change.reset(); ask('stop'); }}><Icon name="stop" />Stop</button>}
        </div>
      </div>
      {asking === null && <Failure error={change.error} />}
      {asking && (
        <Ask title={`${orders[asking].title} ${d.name}?`} act={orders[asking].title} danger={asking === 'stop'} error={change.error} busy={change.isPending} onClose={() => ask(null)} onDo={() => order(asking)}>
          <p>{orders[asking].about}</p>
        </Ask>
      )}
    </>
  );
}

function Overview({ database: d }: { database: Database }) {
  const now = useNow();
  const s = d.stats;
  return (
    <div className="stack">
      {d.kept && <Notice kind="plain" title={`The data of version ${d.kept.version} is kept`}>From before the upgrade, until that is confirmed or taken back: <a {...link(`/databases/${d.name}/settings`)}>Settings</a></Notice>}
      <dl className="card figures">
        <div><dt>Memory</dt><dd>{d.memory_bytes > 0 ? bytes(d.memory_bytes) : '–'} <small>of {bytes(d.memory_limit_bytes)}</small></dd><Meter used={d.memory_bytes} of={d.memory_limit_bytes} label="Memory in use" /></div>
        <div><dt>Connections</dt><dd>{s ? s.connections : '–'} {s && <small>of {s.max_connections}</small>}</dd><Meter used={s?.connections ?? 0} of={s?.max_connections || 1} label="Connections in use" /></div>
        <div><dt>Size</dt><dd>{s ? bytes(s.size_bytes) : '–'}</dd></div>
        <div><dt>Cache hits</dt><dd>{s && s.hit_ratio !== null ? `${(s.hit_ratio * 100).toFixed(1)} %` : '–'}</dd></div>
        <div><dt>Slow queries</dt><dd>{s ? s.slow_queries : '–'}</dd></div>
      </dl>
      <section className="card" aria-labelledby="facts">
        <h2 id="facts">About</h2>
        <dl className="facts">
          <div><dt>Kind</dt><dd>{d.title} {s?.version || d.version}</dd></div>
          <div><dt>Plan</dt><dd>{d.plan}</dd></div>
          <div><dt>From attached apps</dt><dd><code>{d.host}:{d.port}</code><Copy text={`${d.host}:${d.port}`} label="Copy the address" /></dd></div>
          <div><dt>From its machine</dt><dd>{d.address ? <code>{d.address}:{d.port}</code> : <span className="muted">it does not run</span>}</dd></div>
          <div><dt>From outside</dt><dd>{d.exposed ? <a {...link(`/databases/${d.name}/outside`)}>port {d.exposed.port}, for {d.exposed.allowed.split(',').join(', ')}</a> : <span className="muted">not at all</span>}</dd></div>
          <div><dt>Apps</dt><dd>{d.attachments.length === 0 ? <span className="muted">none</span> : d.attachments.map((a) => <span key={`${a.app} ${a.variable}`}><a {...link(`/apps/${a.app}`)}>{a.app}</a> <span className="muted">as {a.variable}</span></span>)}</dd></div>
          <div><dt>Verified backup</dt><dd>{d.backed_up ? <time dateTime={d.backed_up}>{ago(d.backed_up, now)}</time> : <a {...link(`/databases/${d.name}/backups`)}>none</a>}</dd></div>
          <div><dt>Created</dt><dd><time dateTime={d.created}>{ago(d.created, now)}</time></dd></div>
        </dl>
      </section>
      <Slow database={d} />
    </div>
  );
}

function Slow({ database: d }: { database: Database }) {
  const kind = useKinds().data?.find((k) => k.name === d.kind);
  const slow = useSlow(d.name, d.state === 'up' && !!kind?.slow_statements);
  if (!kind?.slow_statements) return null;
  return (
    <section className="card" aria-labelledby="slow">
      <div className="card-head"><div><h2 id="slow">Slow statements</h2><p className="muted">Those that took longest, as the server counts them; without the values in them.</p></div></div>
      {d.state !== 'up' ? <p className="muted pad">It does not run.</p> : slow.isPending ? <div className="pad"><Rows n={2} /></div> : null}
      {d.state === 'up' && slow.error && <div className="pad"><Failure error={slow.error} /></div>}
      {d.state === 'up' && slow.data?.length === 0 && <p className="muted pad">None is known yet.</p>}
      {d.state === 'up' && slow.data && slow.data.length > 0 && (
        <div className="scroll" tabIndex={0} role="region" aria-labelledby="slow"><table>
          <thead><tr><th>Statement</th><th className="number">Longest</th><th className="number">Mean</th><th className="number">Calls</th></tr></thead>
          <tbody>
            {slow.data.map((one) => (
              <tr key={one.statement}><td className="statement"><code>{one.statement}</code></td><td className="number">{milliseconds(one.longest_ms)}</td><td className="number">{milliseconds(one.mean_ms)}</td><td className="number">{one.calls}</td></tr>
            ))}
          </tbody>
        </table></div>
      )}
    </section>
  );
}

function Settings({ database: d, onJob }: { database: Database; onJob: (job: Job) => void }) {
  const [asking, setAsking] = useState(false);
  const destroy = useChange(() => databases.destroy(d.name), [['databases']]);
  return (
    <div className="stack">
      <Versions database={d} onJob={onJob} />
      <section className="card pad danger-zone">
        <div><h2 className="flush">Destroy this database</h2><p className="muted">Its server and all that is in it are removed, for good. It is backed up first when it runs; backups stay.</p></div>
        <button className="button danger" onClick={() => { destroy.reset(); setAsking(true); }}>Destroy database</button>
      </section>
      {asking && (
        <Ask title={`Destroy ${d.name}?`} act="Destroy database" acting="Destroying…" danger typed={d.name} error={destroy.error} busy={destroy.isPending} onClose={() => setAsking(false)}
          onDo={() => destroy.mutate(undefined, { onSuccess: (job) => { onJob(job); go('/databases'); } })} />
      )}
    </div>
  );
}
