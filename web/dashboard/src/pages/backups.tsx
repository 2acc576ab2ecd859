import { useState, type FormEvent } from 'react';
import type { Job } from '../api';
import { databases, type Backup, type NewSchedule, type Schedule } from '../databases';
import { useBackups, useChange, useStores } from '../queries';
import { bytes } from '../sizes';
import { ago, useNow } from '../time';
import { Ask, Dialog, Failure, Icon, Notice, Rows } from '../ui/parts';

interface Props { name: string; onJob: (job: Job) => void }

export function BackupsTab({ name, onJob }: Props) {
  const all = useBackups(name);
  if (all.isPending) return <Rows />;
  if (!all.data) return <Failure error={all.error} />;
  return (
    <>
      {all.data.alarm && <Notice kind="bad" title="Backups are not as they should be">{all.data.alarm}</Notice>}
      <div className="stack">
        <ScheduleCard name={name} schedule={all.data.schedule} />
        <BackupList name={name} backups={all.data.backups} onJob={onJob} />
      </div>
    </>
  );
}

export function BackupList({ name, gone = false, backups, onJob }: Props & { gone?: boolean; backups: Backup[] }) {
  const now = useNow();
  const [making, setMaking] = useState(false);
  const [restoring, restore] = useState<Backup | null>(null);
  const [removing, remove] = useState<Backup | null>(null);
  return (
    <section className="card" aria-labelledby="backups">
      <div className="card-head">
        <div><h2 id="backups">Backups</h2><p className="muted">One is verified when it was restored into a throw-away server with everything in it.</p></div>
        {!gone && <button className="button" onClick={() => setMaking(true)}><Icon name="plus" />Back up now</button>}
      </div>
      {backups.length === 0 && <p className="muted pad">None yet.</p>}
      <ul className="backup-list" aria-label="Backups">
        {backups.map((b) => (
          <li key={b.id}>
            <span className="version">{b.id}</span>
            <div className="release-what">
              <strong><time dateTime={b.created}>{ago(b.created, now)}</time></strong>
              <span className="muted">{[b.state === 'stored' && bytes(b.size_bytes), `version ${b.version}`, origins[b.origin], b.place !== 'local' && `in ${b.place}`].filter(Boolean).join(' · ')}</span>
              {b.problem && <span className="wrong">{b.problem}</span>}
            </div>
            <Proof backup={b} now={now} />
            <span className="row-actions">
              <button className="button small" disabled={b.state !== 'stored'} aria-label={`Restore backup ${b.id}`} onClick={() => restore(b)}><Icon name="back" />Restore</button>
              <button className="icon-button" aria-label={`Delete backup ${b.id}`} title="Delete" onClick={() => remove(b)}><Icon name="trash" /></button>
            </span>
          </li>
        ))}
      </ul>
      {making && <BackUp name={name} onClose={() => setMaking(false)} onJob={onJob} />}
      {restoring && <Restore name={name} gone={gone} of={restoring} onClose={() => restore(null)} onJob={onJob} />}
      {removing && <Remove name={name} of={removing} onClose={() => remove(null)} />}
    </section>
  );
}

const origins = { manual: 'by hand', schedule: 'by schedule', final: 'before it was destroyed' };

function Proof({ backup: b, now }: { backup: Backup; now: number }) {
  if (b.verified) return <span className="tag" title={`Verified ${b.verified}`}>verified {ago(b.verified, now)}</span>;
  if (b.state === 'failed') return <span className="tag bad">failed</span>;
  if (b.problem) return <span className="tag bad">not verified</span>;
  return <span className="tag busy">{b.state === 'running' ? 'being made' : 'being verified'}</span>;
}

function Place({ value, onChange }: { value: string; onChange: (to: string) => void }) {
  const stores = useStores().data ?? [];
  if (stores.length === 0) return null;
  return <label>Kept in<select value={value} onChange={(e) => onChange(e.target.value)}><option value="local">this machine</option>{stores.map((s) => <option key={s.name} value={s.name}>the store {s.name}</option>)}</select></label>;
}

function BackUp({ name, onClose, onJob }: Props & { onClose: () => void }) {
  const [to, setTo] = useState('local');
  const make = useChange(() => databases.backUp(name, to), [['database', name]]);
  return (
    <Ask title={`Back up ${name}?`} act="Back up now" error={make.error} busy={make.isPending} onClose={onClose} onDo={() => make.mutate(undefined, { onSuccess: (job) => { onJob(job); onClose(); } })}>
      <p>It serves on meanwhile. The backup is proved in a throw-away server, which needs the memory of the plan once more.</p>
      <Place value={to} onChange={setTo} />
    </Ask>
  );
}

function Restore({ name, gone, of, onClose, onJob }: Props & { gone: boolean; of: Backup; onClose: () => void }) {
  const [anew, setAnew] = useState(true);
  const [into, setInto] = useState('');
  const [typed, setTyped] = useState('');
  const change = useChange(() => databases.restore(name, of.id, anew ? { into } : { confirm: typed }), [['databases'], ['database', name]]);
  const submit = (e: FormEvent) => { e.preventDefault(); change.mutate(undefined, { onSuccess: (job) => { onJob(job); onClose(); } }); };
  return (
    <Dialog title={`Restore backup ${of.id} of ${name}`} onClose={onClose}>
      <form onSubmit={submit}>
        {!of.verified && <Notice kind="bad" title="It is not verified">Whether everything is in it was never seen.</Notice>}
        <Failure error={change.error} />
        {!gone && (
          <fieldset>
            <legend>Where to</legend>
            <label className="check"><input type="radio" name="where" checked={anew} onChange={() => setAnew(true)} />Into a new database</label>
            <label className="check"><input type="radio" name="where" checked={!anew} onChange={() => setAnew(false)} />In the place of what is in {name}</label>
          </fieldset>
        )}
        {anew && <label>Name of the new database<input value={into} onChange={(e) => setInto(e.target.value)} pattern="[a-z][a-z0-9\-]{0,28}[a-z0-9]" title="2 to 30 of a–z, 0–9 and “-”, beginning with a letter" required spellCheck={false} autoCapitalize="none" autoComplete="off" /></label>}
        {!anew && <p>What was written to {name} since the backup is lost. Its data stays until the restored data is whole; then its server restarts.</p>}
        {!anew && <label><span>Type <strong>{name}</strong> to confirm</span><input value={typed} onChange={(e) => setTyped(e.target.value)} spellCheck={false} autoCapitalize="none" autoComplete="off" /></label>}
        <div className="dialog-actions">
          <button type="button" className="button" onClick={onClose}>Cancel</button>
          <button className={`button ${anew ? 'primary' : 'danger'}`} disabled={change.isPending || (!anew && typed !== name)}>{anew ? 'Restore into a new one' : `Replace what is in ${name}`}</button>
        </div>
      </form>
    </Dialog>
  );
}

function Remove({ name, of, onClose }: { name: string; of: Backup; onClose: () => void }) {
  const change = useChange(() => databases.removeBackup(name, of.id), [['database', name]]);
  return (
    <Ask title={`Delete backup ${of.id}?`} act="Delete backup" danger error={change.error} busy={change.isPending} onClose={onClose} onDo={() => change.mutate(undefined, { onSuccess: onClose })}>
      <p>It cannot be restored any more.</p>
    </Ask>
  );
}

function ScheduleCard({ name, schedule: s }: { name: string; schedule: Schedule | null }) {
  const [editing, edit] = useState(false);
  const [removing, remove] = useState(false);
  const unschedule = useChange(() => databases.unschedule(name), [['database', name]]);
  return (
    <section className="card" aria-labelledby="schedule">
      <div className="card-head">
        <div>
          <h2 id="schedule">Schedule</h2>
          {s ? <p className="muted"><code>{s.schedule}</code> ({s.zone}), keeps {s.keep.split(',').join(', ')}{s.place !== 'local' && `, in ${s.place}`}.{s.next && <> Next: <time dateTime={s.next}>{new Date(s.next).toLocaleString()}</time></>}</p>
            : <p className="muted">It is not backed up by itself.</p>}
        </div>
        <span className="row-actions">
          <button className="button" onClick={() => edit(true)}>{s ? 'Change' : 'Set a schedule'}</button>
          {s && <button className="icon-button" aria-label="Remove the schedule" title="Remove" onClick={() => { unschedule.reset(); remove(true); }}><Icon name="trash" /></button>}
        </span>
      </div>
      {editing && <EditSchedule name={name} schedule={s} onClose={() => edit(false)} />}
      {removing && (
        <Ask title="Remove the schedule?" act="Remove" danger error={unschedule.error} busy={unschedule.isPending} onClose={() => remove(false)} onDo={() => unschedule.mutate(undefined, { onSuccess: () => remove(false) })}>
          <p>It is backed up by itself no longer. The backups that there are stay.</p>
        </Ask>
      )}
    </section>
  );
}

function EditSchedule({ name, schedule: s, onClose }: { name: string; schedule: Schedule | null; onClose: () => void }) {
  const [wanted, want] = useState<NewSchedule>({ schedule: s?.schedule ?? '0 3 * * *', zone: s?.zone ?? 'UTC', keep: s?.keep ?? 'daily=7,weekly=4,monthly=6', to: s?.place ?? 'local' });
  const change = useChange((next: NewSchedule) => databases.schedule(name, next), [['database', name]]);
  const submit = (e: FormEvent) => { e.preventDefault(); change.mutate(wanted, { onSuccess: onClose }); };
  return (
    <Dialog title={`Back up ${name} by itself`} onClose={onClose}>
      <form onSubmit={submit}>
        <Failure error={change.error} />
        <label>When<input className="mono" value={wanted.schedule} onChange={(e) => want({ ...wanted, schedule: e.target.value })} required autoFocus spellCheck={false} maxLength={256} aria-describedby="when-hint" /></label>
        <p id="when-hint" className="hint">A cron expression: <code>0 3 * * *</code> is every day at three.</p>
        <label>Time zone<input value={wanted.zone} onChange={(e) => want({ ...wanted, zone: e.target.value })} required spellCheck={false} maxLength={64} /></label>
        <label>Keep<input className="mono" value={wanted.keep} onChange={(e) => want({ ...wanted, keep: e.target.value })} required spellCheck={false} maxLength={100} aria-describedby="keep-hint" /></label>
        <p id="keep-hint" className="hint">The newest of each of the last days, weeks and months. What was made by hand stays.</p>
        <Place value={wanted.to} onChange={(to) => want({ ...wanted, to })} />
        <div className="dialog-actions">
          <button type="button" className="button" onClick={onClose}>Cancel</button>
          <button className="button primary" disabled={change.isPending}>Save</button>
        </div>
      </form>
    </Dialog>
  );
}
