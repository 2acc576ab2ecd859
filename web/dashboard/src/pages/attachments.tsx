import { useState, type FormEvent } from 'react';
import type { Job } from '../api';
import { databases, type Attachment, type Database, type NewAttachment } from '../databases';
import { useApps, useChange, useKinds } from '../queries';
import { link } from '../route';
import { Ask, Dialog, Failure, Icon } from '../ui/parts';

interface Props { database: Database; onJob: (job: Job) => void }
type Act = 'detach' | 'promote' | 'rotate';

export function Attachments({ database: d, onJob }: Props) {
  const variable = useKinds().data?.find((k) => k.name === d.kind)?.variable;
  const [adding, setAdding] = useState(false);
  const [asking, ask] = useState<{ act: Act; of: Attachment } | null>(null);
  return (
    <section className="card" aria-labelledby="attached">
      <div className="card-head">
        <div><h2 id="attached">Attached apps</h2><p className="muted">Each has a user of its own, and its URL in a config var. A change makes a release and restarts the app.</p></div>
        <button className="button" disabled={d.state === 'creating'} onClick={() => setAdding(true)}><Icon name="plus" />Attach</button>
      </div>
      {d.attachments.length === 0 && <p className="muted pad">None yet.</p>}
      <ul className="attachment-list" aria-label="Attached apps">
        {d.attachments.map((a) => (
          <li key={`${a.app} ${a.variable}`}>
            <div className="app-name">
              <a {...link(`/apps/${a.app}/config`)}><strong>{a.app}</strong></a>
              <span className="muted small">as <code>{a.variable}</code>, user <code>{a.user}</code></span>
            </div>
            <span>{a.rights === 'ro' && <span className="tag plain">read-only</span>} {!a.active && <span className="tag plain">being attached</span>}</span>
            <span className="row-actions">
              {a.variable !== variable && <button className="button small" disabled={!a.active} title={`Make it ${a.app}'s ${variable}`} onClick={() => ask({ act: 'promote', of: a })}>Promote</button>}
              <button className="button small" disabled={!a.active} onClick={() => ask({ act: 'rotate', of: a })}>Rotate credentials</button>
              <button className="button small" disabled={!a.active} onClick={() => ask({ act: 'detach', of: a })}>Detach</button>
            </span>
          </li>
        ))}
      </ul>
      {adding && <Attach database={d} variable={variable ?? ''} onClose={() => setAdding(false)} onJob={onJob} />}
      {asking && <Change name={d.name} variable={variable ?? ''} {...asking} onClose={() => ask(null)} onJob={onJob} />}
    </section>
  );
}

interface ChangeProps { name: string; variable: string; act: Act; of: Attachment; onClose: () => void; onJob: (job: Job) => void }

function Change({ name, variable, act, of, onClose, onJob }: ChangeProps) {
  const change = useChange(() => databases[act](name, of), [['database', name], ['databases'], ['app', of.app]]);
  const asks = {
    detach: { title: `Detach ${name} from ${of.app}?`, does: 'Detach', says: `The app is released again without ${of.variable}; its user is taken away when the last instance that has it is gone. What it wrote stays.` },
    promote: { title: `Make ${name} the ${variable} of ${of.app}?`, does: 'Promote', says: `The app is released again: ${of.variable} becomes ${variable}, and what has that name now gets one of its own.` },
    rotate: { title: `Rotate the credentials of ${of.app}?`, does: 'Rotate credentials', says: `The app gets a new user and password in ${of.variable}, as a release. The old ones are valid until the last instance that has them is gone.` },
  }[act];
  return (
    <Ask title={asks.title} act={asks.does} danger={act === 'detach'} error={change.error} busy={change.isPending} onClose={onClose} onDo={() => change.mutate(undefined, { onSuccess: (job) => { onJob(job); onClose(); } })}>
      <p>{asks.says}</p>
    </Ask>
  );
}

function Attach({ database: d, variable, onClose, onJob }: { database: Database; variable: string; onClose: () => void; onJob: (job: Job) => void }) {
  const apps = useApps();
  const [app, setApp] = useState('');
  const [as, setAs] = useState('');
  const [readOnly, setReadOnly] = useState(false);
  const attach = useChange((wanted: NewAttachment) => databases.attach(d.name, wanted), [['database', d.name], ['databases']]);
  const chosen = app || apps.data?.[0]?.name || '';
  const submit = (e: FormEvent) => {
    e.preventDefault();
    attach.mutate({ app: chosen, rights: readOnly ? 'ro' : 'rw', ...(as && { as }) }, { onSuccess: (job) => { onJob(job); onClose(); } });
  };
  return (
    <Dialog title={`Attach ${d.name} to an app`} onClose={onClose}>
      <form onSubmit={submit}>
        <Failure error={attach.error ?? apps.error} />
        {apps.data?.length === 0 && <p>There is no app yet.</p>}
        <label>App<select value={chosen} onChange={(e) => setApp(e.target.value)} autoFocus required>{apps.data?.map((a) => <option key={a.name}>{a.name}</option>)}</select></label>
        <label>As<input className="mono" value={as} onChange={(e) => setAs(e.target.value.toUpperCase())} placeholder={variable.replace(/_URL$/, '')} pattern="[A-Z][A-Z0-9_]*" title="Capital letters, digits and _, beginning with a letter" maxLength={60} spellCheck={false} autoCapitalize="characters" aria-describedby="as-hint" /></label>
        <p id="as-hint" className="hint">{as ? <>The URL is in <code>{as.endsWith('_URL') ? as : `${as}_URL`}</code>.</> : <>BLUE gives BLUE_URL. Left empty, the URL is in <code>{variable}</code>.</>}</p>
        <label className="check"><input type="checkbox" checked={readOnly} onChange={(e) => setReadOnly(e.target.checked)} />Read-only</label>
        <div className="dialog-actions">
          <button type="button" className="button" onClick={onClose}>Cancel</button>
          <button className="button primary" disabled={attach.isPending || !chosen}>Attach</button>
        </div>
      </form>
    </Dialog>
  );
}
