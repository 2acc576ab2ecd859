import { useState, type FormEvent } from 'react';
import { databases, type Database, type Exposure, type NewExposure } from '../databases';
import { useChange, useExposure } from '../queries';
import { ago, useNow } from '../time';
import { Ask, Copy, Dialog, Failure, Icon, Rows } from '../ui/parts';

/** The way in from other machines. Its URL holds a password and is shown once, where it was made. */
export function Outside({ database: d }: { database: Database }) {
  const [exposing, expose] = useState(false);
  const [made, show] = useState<Exposure | null>(null);
  return (
    <>
      {d.exposed ? <Exposed name={d.name} onChange={() => expose(true)} /> : (
        <section className="card pad danger-zone">
          <div><h2 className="flush">It is not reached from outside</h2><p className="muted">A port of this host can lead to it: always with TLS, with a user of its own, and only for the networks that you name.</p></div>
          <button className="button" disabled={d.state !== 'up'} onClick={() => expose(true)}>Expose</button>
        </section>
      )}
      {exposing && <Expose database={d} onClose={() => expose(false)} onMade={(e) => { expose(false); if (e.url) show(e); }} />}
      {made && <ShownOnce exposure={made} onClose={() => show(null)} />}
    </>
  );
}

function Exposed({ name, onChange }: { name: string; onChange: () => void }) {
  const exposure = useExposure(name);
  const now = useNow();
  const [closing, close] = useState(false);
  const unexpose = useChange(() => databases.unexpose(name), [['database', name], ['databases']]);
  if (exposure.isPending) return <Rows />;
  if (!exposure.data) return <Failure error={exposure.error} />;
  const e = exposure.data;
  return (
    <section className="card" aria-labelledby="outside">
      <div className="card-head">
        <div><h2 id="outside">Reached from outside</h2><p className="muted">{e.open ? 'With TLS. The client has to pin the certificate.' : 'Its port is not heard at the moment.'}</p></div>
        <span className="row-actions">
          <button className="button" onClick={onChange}>Change</button>
          <button className="button danger" onClick={() => { unexpose.reset(); close(true); }}>Unexpose</button>
        </span>
      </div>
      <dl className="facts">
        <div><dt>Address</dt><dd><code>{e.host}:{e.port}</code><Copy text={`${e.host}:${e.port}`} label="Copy the address" /></dd></div>
        <div><dt>For</dt><dd>{e.allowed.map((network) => <code key={network}>{network}</code>)}</dd></div>
        <div><dt>User</dt><dd><code>{e.user}</code>{e.rights === 'ro' && <span className="tag plain">read-only</span>}</dd></div>
        <div><dt>Connections</dt><dd>{e.connections}</dd></div>
        <div><dt>Certificate</dt><dd><code>{e.fingerprint}</code><Certificate of={e} /></dd></div>
        {e.note && <div><dt>Note</dt><dd>{e.note}</dd></div>}
        <div><dt>Since</dt><dd><time dateTime={e.created}>{ago(e.created, now)}</time></dd></div>
      </dl>
      {closing && (
        <Ask title={`Close ${name} to the outside?`} act="Unexpose" danger error={unexpose.error} busy={unexpose.isPending} onClose={() => close(false)} onDo={() => unexpose.mutate(undefined, { onSuccess: () => close(false) })}>
          <p>What is connected through port {e.port} is cut, and its user and certificate are taken away: the URL is worth nothing then.</p>
        </Ask>
      )}
    </section>
  );
}

function Certificate({ of }: { of: Exposure }) {
  const save = () => {
    const url = URL.createObjectURL(new Blob([of.certificate], { type: 'application/x-pem-file' }));
    const a = document.createElement('a');
    a.href = url;
    a.download = `${of.service}.crt`;
    a.click();
    URL.revokeObjectURL(url);
  };
  return <button type="button" className="button small" onClick={save}>Download {of.service}.crt</button>;
}

const networksOf = (text: string) => text.split(/[\s,]+/).filter(Boolean);

function Expose({ database: d, onClose, onMade }: { database: Database; onClose: () => void; onMade: (e: Exposure) => void }) {
  const before = d.exposed;
  const [port, setPort] = useState(before ? String(before.port) : '');
  const [networks, setNetworks] = useState(before ? before.allowed.split(',').join('\n') : '');
  const [readOnly, setReadOnly] = useState(false);
  const [anyone, setAnyone] = useState(false);
  const expose = useChange((wanted: NewExposure) => databases.expose(d.name, wanted), [['database', d.name], ['databases']]);
  const submit = (e: FormEvent) => {
    e.preventDefault();
    const rights = before ? {} : { rights: readOnly ? 'ro' as const : 'rw' as const };
    expose.mutate({ port: Number(port), allow: networksOf(networks), anyone, ...rights }, { onSuccess: onMade });
  };
  return (
    <Dialog title={before ? `Change who reaches ${d.name}` : `Expose ${d.name}`} onClose={onClose}>
      <form onSubmit={submit}>
        <Failure error={expose.error} />
        <label>Port<input type="number" inputMode="numeric" min={1024} max={65535} value={port} onChange={(e) => setPort(e.target.value)} placeholder="7000" required autoFocus /></label>
        <label>For these networks<textarea className="mono" rows={3} value={networks} onChange={(e) => setNetworks(e.target.value)} placeholder={'203.0.113.0/24\n2001:db8::/32'} required spellCheck={false} aria-describedby="networks-hint" /></label>
        <p id="networks-hint" className="hint">{before ? 'What is connected is cut. User, password and certificate stay.' : 'Others are turned away before a byte is read.'}</p>
        {!before && <label className="check"><input type="checkbox" checked={readOnly} onChange={(e) => setReadOnly(e.target.checked)} />Read-only</label>}
        <label className="check"><input type="checkbox" checked={anyone} onChange={(e) => setAnyone(e.target.checked)} />Networks that hold nearly all addresses are meant</label>
        <div className="dialog-actions">
          <button type="button" className="button" onClick={onClose}>Cancel</button>
          <button className="button primary" disabled={expose.isPending}>{before ? 'Save' : 'Expose'}</button>
        </div>
      </form>
    </Dialog>
  );
}

function ShownOnce({ exposure: e, onClose }: { exposure: Exposure; onClose: () => void }) {
  return (
    <Dialog firm title={`${e.service} is reached from outside`} onClose={onClose}>
      <p>This URL holds a password. <strong>It is not shown again.</strong></p>
      <div className="commands secret"><pre tabIndex={0} aria-label="URL"><code>{e.url}</code></pre><Copy text={e.url ?? ''} label="Copy the URL" /></div>
      <p className="spaced">It names the certificate that the client pins: <Certificate of={e} /></p>
      {e.note && <p className="muted">{e.note}</p>}
      <div className="dialog-actions"><button className="button primary" autoFocus onClick={onClose}><Icon name="done" />I have it</button></div>
    </Dialog>
  );
}
