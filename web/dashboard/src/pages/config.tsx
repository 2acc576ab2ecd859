import { useState, type FormEvent } from 'react';
import { api, type Job } from '../api';
import { useChange, useConfig } from '../queries';
import { Copy, Dialog, Failure, Icon, Rows } from '../ui/parts';

type Changes = Record<string, string | null>;

export function Config({ name, onJob }: { name: string; onJob: (job: Job) => void }) {
  const config = useConfig(name);
  const change = useChange((changes: Changes) => api.setConfig(name, changes), [['app', name]]);
  const [editing, edit] = useState<string | null>(null); // a name, "" for a new one
  const [removing, remove] = useState<string | null>(null);
  const [shown, show] = useState<Set<string>>(new Set());
  const apply = (changes: Changes, then: () => void) =>
    change.mutate(changes, { onSuccess: (out) => { if ('id' in out && 'kind' in out && typeof out.id === 'number') onJob(out as Job); then(); } });
  if (config.isPending) return <Rows />;
  if (config.error) return <Failure error={config.error} />;
  const names = Object.keys(config.data).sort();
  const toggle = (key: string) => show((s) => { const next = new Set(s); if (!next.delete(key)) next.add(key); return next; });
  return (
    <section className="card" aria-labelledby="config">
      <div className="card-head">
        <div><h2 id="config">Config vars</h2><p className="muted">The app's environment. A change makes a release and restarts the app.</p></div>
        <button className="button" onClick={() => { change.reset(); edit(''); }}><Icon name="plus" />Add</button>
      </div>
      {names.length === 0 && <p className="muted pad">None yet.</p>}
      <ul className="config-list">
        {names.map((key) => (
          <li key={key}>
            <code className="config-name">{key}</code>
            <code className="config-value">{shown.has(key) ? config.data[key] : '••••••••••••'}</code>
            <span className="config-actions">
              <button className="icon-button" aria-pressed={shown.has(key)} aria-label={`${shown.has(key) ? 'Hide' : 'Reveal'} ${key}`} title={shown.has(key) ? 'Hide' : 'Reveal'} onClick={() => toggle(key)}><Icon name={shown.has(key) ? 'hide' : 'eye'} /></button>
              <Copy text={config.data[key]!} label={`Copy the value of ${key}`} />
              <button className="icon-button" aria-label={`Edit ${key}`} title="Edit" onClick={() => { change.reset(); edit(key); }}><Icon name="edit" /></button>
              <button className="icon-button" aria-label={`Remove ${key}`} title="Remove" onClick={() => { change.reset(); remove(key); }}><Icon name="trash" /></button>
            </span>
          </li>
        ))}
      </ul>
      {editing !== null && <Edit name={editing} value={config.data[editing] ?? ''} error={change.error} busy={change.isPending} onClose={() => edit(null)} onSave={(key, value) => apply({ [key]: value }, () => edit(null))} />}
      {removing !== null && (
        <Dialog title={`Remove ${removing}?`} onClose={() => remove(null)}>
          <p>The app is released again without it.</p>
          <Failure error={change.error} />
          <div className="dialog-actions">
            <button className="button" onClick={() => remove(null)}>Cancel</button>
            <button className="button danger" autoFocus disabled={change.isPending} onClick={() => apply({ [removing]: null }, () => remove(null))}>Remove</button>
          </div>
        </Dialog>
      )}
    </section>
  );
}

interface EditProps { name: string; value: string; error: Error | null; busy: boolean; onClose: () => void; onSave: (name: string, value: string) => void }

function Edit({ name, value, error, busy, onClose, onSave }: EditProps) {
  const [key, setKey] = useState(name);
  const [text, setText] = useState(value);
  const submit = (e: FormEvent) => { e.preventDefault(); onSave(key, text); };
  return (
    <Dialog title={name ? `Edit ${name}` : 'Add a config var'} onClose={onClose}>
      <form onSubmit={submit}>
        <Failure error={error} />
        {!name && <label>Name<input className="mono" value={key} onChange={(e) => setKey(e.target.value)} pattern="[A-Za-z_][A-Za-z0-9_]*" title="Letters, digits and _, not beginning with a digit" required autoFocus spellCheck={false} autoCapitalize="characters" maxLength={128} /></label>}
        <label>Value<textarea className="mono" rows={Math.min(8, Math.max(2, text.split('\n').length))} value={text} onChange={(e) => setText(e.target.value)} spellCheck={false} autoFocus={!!name} /></label>
        <div className="dialog-actions">
          <button type="button" className="button" onClick={onClose}>Cancel</button>
          <button className="button primary" disabled={busy}>{busy ? 'Saving…' : 'Save'}</button>
        </div>
      </form>
    </Dialog>
  );
}
