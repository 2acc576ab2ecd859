import { useState, type FormEvent } from 'react';
import { api, type Key } from '../api';
import { useChange, useKeys } from '../queries';
import { ago, useNow } from '../time';
import { Dialog, Failure, Icon, Rows } from '../ui/parts';

export function KeysPage() {
  const keys = useKeys();
  const now = useNow();
  const [adding, setAdding] = useState(false);
  const [removing, remove] = useState<Key | null>(null);
  return (
    <>
      <div className="page-head">
        <div><h1>SSH keys</h1><p className="muted">Whoever holds one of these may push to your apps and run commands.</p></div>
        <div className="page-actions"><button className="button primary" onClick={() => setAdding(true)}><Icon name="plus" />Add key</button></div>
      </div>
      <Failure error={keys.error} />
      {keys.isPending && <Rows n={2} />}
      {keys.data?.length === 0 && <p className="card pad muted">No key yet. Without one, you cannot push.</p>}
      {keys.data && keys.data.length > 0 && (
        <ul className="card key-list">
          {keys.data.map((key) => (
            <li key={key.id}>
              <div><strong>{key.name}</strong><code className="muted">{key.fingerprint}</code></div>
              <span className="muted">{key.key.split(' ')[0]} · added <time dateTime={key.created}>{ago(key.created, now)}</time></span>
              <button className="icon-button" aria-label={`Remove ${key.name}`} title="Remove" onClick={() => remove(key)}><Icon name="trash" /></button>
            </li>
          ))}
        </ul>
      )}
      {adding && <AddKey onClose={() => setAdding(false)} />}
      {removing && <RemoveKey of={removing} onClose={() => remove(null)} />}
    </>
  );
}

function AddKey({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState('');
  const [line, setLine] = useState('');
  const add = useChange(() => api.addKey(name, line.trim()), [['keys']]);
  const submit = (e: FormEvent) => { e.preventDefault(); add.mutate(undefined, { onSuccess: onClose }); };
  const paste = (text: string) => {
    setLine(text);
    const comment = text.trim().split(/\s+/)[2];
    if (comment && !name) setName(comment.slice(0, 64));
  };
  return (
    <Dialog title="Add an SSH key" onClose={onClose}>
      <form onSubmit={submit}>
        <Failure error={add.error} />
        <label>Public key<textarea className="mono" rows={4} value={line} onChange={(e) => paste(e.target.value)} placeholder="ssh-ed25519 AAAA… you@laptop" required autoFocus spellCheck={false} aria-describedby="key-hint" /></label>
        <p id="key-hint" className="hint">From <code>~/.ssh/id_ed25519.pub</code>; <code>ssh-keygen -t ed25519</code> makes one.</p>
        <label>Name<input value={name} onChange={(e) => setName(e.target.value)} required maxLength={64} placeholder="laptop" /></label>
        <div className="dialog-actions">
          <button type="button" className="button" onClick={onClose}>Cancel</button>
          <button className="button primary" disabled={add.isPending}>Add key</button>
        </div>
      </form>
    </Dialog>
  );
}

function RemoveKey({ of, onClose }: { of: Key; onClose: () => void }) {
  const change = useChange(api.removeKey, [['keys']]);
  return (
    <Dialog title={`Remove ${of.name}?`} onClose={onClose}>
      <p>Whoever uses it can no longer push or run commands as you.</p>
      <Failure error={change.error} />
      <div className="dialog-actions">
        <button className="button" onClick={onClose}>Cancel</button>
        <button className="button danger" autoFocus disabled={change.isPending} onClick={() => change.mutate(of.fingerprint, { onSuccess: onClose })}>Remove key</button>
      </div>
    </Dialog>
  );
}
