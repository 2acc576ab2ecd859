import { useState, type FormEvent } from 'react';
import type { Job } from '../api';
import { databases, type Database } from '../databases';
import { useChange, useDatabases, useKinds } from '../queries';
import { go, link } from '../route';
import { bytes } from '../sizes';
import { Dialog, Failure, Icon, Rows, State } from '../ui/parts';
import { DatabasePage } from './database';
import { JobNotice } from './work';

/** All databases, or one. Work that was started on either page is followed on both. */
export function Databases({ name, tab }: { name?: string; tab: string }) {
  const [job, follow] = useState<Job | null>(null);
  return (
    <>
      {job && <JobNotice key={job.id} job={job} log onClose={() => follow(null)} />}
      {name === undefined ? <DatabasesPage onJob={follow} /> : <DatabasePage key={name} name={name} tab={tab} job={job} onJob={follow} />}
    </>
  );
}

function DatabasesPage({ onJob }: { onJob: (job: Job) => void }) {
  const all = useDatabases();
  const [filter, setFilter] = useState('');
  const [adding, setAdding] = useState(false);
  const shown = (all.data ?? []).filter((d) => d.name.includes(filter.trim().toLowerCase()));
  return (
    <>
      <div className="page-head">
        <h1>Databases {all.data && all.data.length > 0 && <span className="count">{all.data.length}</span>}</h1>
        <div className="page-actions">
          {(all.data?.length ?? 0) > 5 && <input type="search" placeholder="Find a database" aria-label="Find a database" value={filter} onChange={(e) => setFilter(e.target.value)} />}
          <button className="button primary" onClick={() => setAdding(true)}><Icon name="plus" />New database</button>
        </div>
      </div>
      <Failure error={all.error} />
      {all.isPending && <Rows />}
      {all.data?.length === 0 && <FirstDatabase onAdd={() => setAdding(true)} />}
      {shown.length > 0 && <ul className="database-list card" aria-label="Databases">{shown.map((d) => <DatabaseRow key={d.name} database={d} />)}</ul>}
      {all.data && all.data.length > 0 && shown.length === 0 && <p className="muted center">No database has “{filter}” in its name.</p>}
      {adding && <NewDatabase onClose={() => setAdding(false)} onJob={onJob} />}
    </>
  );
}

function DatabaseRow({ database: d }: { database: Database }) {
  const apps = [...new Set(d.attachments.map((a) => a.app))];
  return (
    <li className="database-row">
      <div className="app-name">
        <a className="row-link" {...link(`/databases/${d.name}`)}>{d.name}</a>
        <span className="muted small">{d.title} {d.version} · {d.plan}</span>
      </div>
      <State state={d.state} />
      <span className="database-size">{d.stats ? bytes(d.stats.size_bytes) : <span className="muted" title="Not known yet">–</span>}</span>
      <span className="database-apps">
        {apps.length === 0 && <span className="muted">no app</span>}
        {apps.map((app) => <a key={app} {...link(`/apps/${app}`)}>{app}</a>)}
      </span>
    </li>
  );
}

function FirstDatabase({ onAdd }: { onAdd: () => void }) {
  return (
    <section className="card first" aria-labelledby="first">
      <h2 id="first">Your first database</h2>
      <p className="muted">A server of its own: PostgreSQL, MariaDB, Redis or MongoDB. An app that is attached to it gets a user and finds its URL in a config var.</p>
      <p className="spaced"><button className="button" onClick={onAdd}><Icon name="plus" />Create one</button></p>
    </section>
  );
}

function NewDatabase({ onClose, onJob }: { onClose: () => void; onJob: (job: Job) => void }) {
  const kinds = useKinds();
  const [name, setName] = useState('');
  const [chosen, choose] = useState({ kind: '', plan: '', version: '' });
  const create = useChange(databases.create, [['databases']]);
  const kind = kinds.data?.find((k) => k.name === (chosen.kind || kinds.data[0]?.name));
  const plan = chosen.plan || kind?.plans[0]?.name || '';
  const version = chosen.version || kind?.versions[0] || '';
  const submit = (e: FormEvent) => {
    e.preventDefault();
    if (!kind) return;
    create.mutate({ kind: kind.name, name, plan, version }, { onSuccess: (job) => { onJob(job); onClose(); go(`/databases/${name}`); } });
  };
  return (
    <Dialog title="New database" onClose={onClose}>
      <form onSubmit={submit}>
        <Failure error={create.error ?? kinds.error} />
        <label>Name<input value={name} onChange={(e) => setName(e.target.value)} pattern="[a-z][a-z0-9\-]{0,28}[a-z0-9]" required autoFocus spellCheck={false} autoCapitalize="none" aria-describedby="name-hint" /></label>
        <p id="name-hint" className="hint">2 to 30 of a–z, 0–9 and “-”, beginning with a letter.</p>
        <label>Kind<select value={kind?.name ?? ''} onChange={(e) => choose({ kind: e.target.value, plan: '', version: '' })}>{kinds.data?.map((k) => <option key={k.name} value={k.name}>{k.title}</option>)}</select></label>
        <div className="pair">
          <label>Version<select value={version} onChange={(e) => choose({ ...chosen, version: e.target.value })}>{kind?.versions.map((v) => <option key={v}>{v}</option>)}</select></label>
          <label>Plan<select value={plan} onChange={(e) => choose({ ...chosen, plan: e.target.value })}>{kind?.plans.map((p) => <option key={p.name} value={p.name}>{p.name}: {bytes(p.memory_bytes)}, {p.cpus} {p.cpus === 1 ? 'CPU' : 'CPUs'}</option>)}</select></label>
        </div>
        <p className="hint">The first of a kind takes some minutes: its image is made then.</p>
        <div className="dialog-actions">
          <button type="button" className="button" onClick={onClose}>Cancel</button>
          <button className="button primary" disabled={create.isPending || !kind}>Create database</button>
        </div>
      </form>
    </Dialog>
  );
}
