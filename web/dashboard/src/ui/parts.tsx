// Small parts that all pages share.
import { useEffect, useLayoutEffect, useRef, useState, type FormEvent, type ReactNode } from 'react';
import type { AppState, BuildState, InstanceState, JobState, ReleaseState } from '../api';
import type { DatabaseState } from '../databases';
import { link } from '../route';

export function Logo() {
  return (
    <svg className="logo" viewBox="0 0 24 24" aria-hidden="true">
      <path fill="currentColor" d="M12 2a8 8 0 0 0-8 8v10.2c0 .9 1 1.4 1.7.8l1.5-1.2a1 1 0 0 1 1.3 0l1.2 1a1 1 0 0 0 1.3 0l.4-.3a1 1 0 0 1 1.2 0l.4.3a1 1 0 0 0 1.3 0l1.2-1a1 1 0 0 1 1.3 0l1.5 1.2c.7.6 1.7 0 1.7-.8V10a8 8 0 0 0-8-8Z" />
      <circle cx="9.2" cy="10.4" r="1.5" className="logo-eye" />
      <circle cx="14.8" cy="10.4" r="1.5" className="logo-eye" />
    </svg>
  );
}

const shapes: Record<string, ReactNode> = {
  system: <><rect x="3" y="4" width="18" height="12" rx="2" /><path d="M8 20h8M12 16v4" /></>,
  light: <><circle cx="12" cy="12" r="4" /><path d="M12 3v2M12 19v2M3 12h2M19 12h2M5.6 5.6 7 7M17 17l1.4 1.4M5.6 18.4 7 17M17 7l1.4-1.4" /></>,
  dark: <path d="M20 14.5A8 8 0 0 1 9.5 4 8 8 0 1 0 20 14.5Z" />,
  open: <path d="M14 4h6v6M20 4l-9 9M18 14v4a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2V8a2 2 0 0 1 2-2h4" />,
  copy: <><rect x="9" y="9" width="11" height="11" rx="2" /><path d="M5 15H4V6a2 2 0 0 1 2-2h9v1" /></>,
  done: <path d="m5 12 5 5 9-10" />,
  eye: <><path d="M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12Z" /><circle cx="12" cy="12" r="2.8" /></>,
  hide: <><path d="M4 4l16 16M9.9 5.8A9.5 9.5 0 0 1 12 5.5c6 0 9.5 6.5 9.5 6.5a17 17 0 0 1-2.6 3.3M6.3 7.4A16 16 0 0 0 2.5 12S6 18.5 12 18.5a9 9 0 0 0 4-1" /></>,
  edit: <path d="M4 20h4L19.5 8.5a2.1 2.1 0 0 0-3-3L5 17v3ZM14 7l3 3" />,
  trash: <path d="M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13M10 11v5M14 11v5" />,
  plus: <path d="M12 5v14M5 12h14" />,
  back: <path d="M9 7 4 12l5 5M4 12h11a5 5 0 0 1 0 10h-2" transform="translate(0 -3)" />,
  restart: <path d="M20 11a8 8 0 1 0-2.3 6.3M20 4v7h-7" />,
  database: <><ellipse cx="12" cy="5.5" rx="7.5" ry="2.8" /><path d="M4.5 5.5v13c0 1.5 3.4 2.8 7.5 2.8s7.5-1.3 7.5-2.8v-13M4.5 12c0 1.5 3.4 2.8 7.5 2.8s7.5-1.3 7.5-2.8" /></>,
  start: <path d="M7 4.5v15l12-7.5Z" />,
  stop: <rect x="6" y="6" width="12" height="12" rx="1.5" />,
  chevron: <path d="m9 6 6 6-6 6" />,
};

export function Icon({ name }: { name: string }) {
  return <svg className="icon" viewBox="0 0 24 24" aria-hidden="true">{shapes[name]}</svg>;
}

type AnyState = AppState | InstanceState | JobState | BuildState | ReleaseState | DatabaseState;
const looks: Record<AnyState, string> = {
  up: 'good', succeeded: 'good', deploying: 'busy', starting: 'busy', running: 'busy', waiting: 'busy', pending: 'busy', stopping: 'busy',
  creating: 'busy', restarting: 'busy', upgrading: 'busy',
  crashed: 'bad', failed: 'bad', aborted: 'bad', new: 'idle', down: 'idle', stopped: 'idle',
};

export function State({ state }: { state: AnyState }) {
  return <span className={`state ${looks[state] ?? 'idle'}`}><span className="dot" aria-hidden="true" />{state}</span>;
}

export function Notice({ kind, title, children }: { kind: 'good' | 'bad' | 'busy' | 'plain'; title: string; children?: ReactNode }) {
  return (
    <div className={`notice ${kind}`} role={kind === 'bad' ? 'alert' : 'status'}>
      <strong>{title}</strong>
      {children && <div>{children}</div>}
    </div>
  );
}

export function Failure({ error }: { error: Error | null }) {
  return error ? <Notice kind="bad" title="That did not work">{error.message}</Notice> : null;
}

export function Rows({ n = 3 }: { n?: number }) {
  return <div className="rows-loading" role="status" aria-label="Loading">{Array.from({ length: n }, (_, i) => <div key={i} />)}</div>;
}

export function Copy({ text, label }: { text: string; label: string }) {
  const [done, set] = useState(false);
  useEffect(() => {
    if (!done) return;
    const timer = setTimeout(() => set(false), 1500);
    return () => clearTimeout(timer);
  }, [done]);
  if (!navigator.clipboard) return null; // only on https and localhost
  return (
    <button className="icon-button" aria-label={done ? 'Copied' : label} title={done ? 'Copied' : label} onClick={() => navigator.clipboard.writeText(text).then(() => set(true))}>
      <Icon name={done ? 'done' : 'copy'} />
    </button>
  );
}

export function Commands({ lines }: { lines: string[] }) {
  return (
    <div className="commands">
      <pre><code>{lines.map((line) => <span key={line}>{line}{'\n'}</span>)}</code></pre>
      <Copy text={lines.join('\n')} label="Copy the commands" />
    </div>
  );
}

/** A modal <dialog>: the browser keeps the focus inside and closes it on Escape. A `firm` one is not closed by a click beside it. */
export function Dialog({ title, firm = false, onClose, children }: { title: string; firm?: boolean; onClose: () => void; children: ReactNode }) {
  const ref = useRef<HTMLDialogElement>(null);
  // Closed while it is still in the page: only then the browser gives the focus back to what opened it.
  useLayoutEffect(() => {
    const dialog = ref.current;
    if (dialog && !dialog.open) dialog.showModal();
    return () => dialog?.close();
  }, []);
  return (
    <dialog ref={ref} aria-label={title} onCancel={(e) => { e.preventDefault(); onClose(); }} onMouseDown={(e) => e.target === ref.current && !firm && onClose()}>
      <div className="dialog-body">
        <h2>{title}</h2>
        {children}
      </div>
    </dialog>
  );
}

interface AskProps {
  title: string; act: string; acting?: string; danger?: boolean; error: Error | null; busy: boolean; typed?: string; ready?: boolean;
  onClose: () => void; onDo: () => void; children?: ReactNode;
}

/** Asks before something is done; with `typed` that word has to be typed first. */
export function Ask({ title, act, acting, danger, error, busy, typed, ready = true, onClose, onDo, children }: AskProps) {
  const [word, setWord] = useState('');
  const submit = (e: FormEvent) => { e.preventDefault(); onDo(); };
  return (
    <Dialog title={title} onClose={onClose}>
      <form onSubmit={submit}>
        {children}
        <Failure error={error} />
        {typed !== undefined && <label><span>Type <strong>{typed}</strong> to confirm</span><input value={word} onChange={(e) => setWord(e.target.value)} autoFocus spellCheck={false} autoCapitalize="none" autoComplete="off" /></label>}
        <div className="dialog-actions">
          <button type="button" className="button" onClick={onClose}>Cancel</button>
          <button className={`button ${danger ? 'danger' : 'primary'}`} disabled={busy || !ready || (typed !== undefined && word !== typed)}>{busy ? (acting ?? act) : act}</button>
        </div>
      </form>
    </Dialog>
  );
}

/** Of what there is, so much is in use. */
export function Meter({ used, of, label }: { used: number; of: number; label: string }) {
  return <progress className={used > of * 0.9 ? 'meter full' : 'meter'} value={Math.min(used, of)} max={of} aria-label={label} />;
}

/** The pages of one thing. On a narrow screen they scroll, and the one that is open is in sight. */
export function Tabs({ of, base, tabs, open }: { of: string; base: string; tabs: readonly (readonly [string, string])[]; open: string }) {
  const ref = useRef<HTMLElement>(null);
  useEffect(() => {
    ref.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [open]);
  return (
    <nav ref={ref} className="tabs" aria-label={`Pages of ${of}`}>
      {tabs.map(([id, label]) => <a key={id} {...link(`${base}/${id}`)} aria-current={open === id ? 'page' : undefined}>{label}</a>)}
    </nav>
  );
}
