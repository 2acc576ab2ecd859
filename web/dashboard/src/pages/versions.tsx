import { useState } from 'react';
import type { Job } from '../api';
import { databases, newerVersions, type Database } from '../databases';
import { useChange, useKinds } from '../queries';
import { bytes } from '../sizes';
import { ago, useNow } from '../time';
import { Ask } from '../ui/parts';

interface Props { database: Database; onJob: (job: Job) => void }

/** Newer versions, and what is kept of before an upgrade. */
export function Versions({ database: d, onJob }: Props) {
  const kind = useKinds().data?.find((k) => k.name === d.kind);
  const [asking, ask] = useState<string | null>(null); // a version; "" is the newest packages of its own
  const change = useChange((version: string) => databases.upgrade(d.name, version || undefined), [['database', d.name], ['databases']]);
  const newer = newerVersions(kind, d.version);
  return (
    <>
      {d.kept && <KeptData database={d} onJob={onJob} />}
      <section className="card pad danger-zone">
        <div>
          <h2 className="flush">Newer versions</h2>
          <p className="muted">{d.title} {d.stats?.version || d.version}. {newer.length === 0 ? 'There is no newer version here, but there may be newer packages.' : `There is ${newer.join(' and ')} as well.`} {d.kept && newer.length > 0 && 'Another version has to wait until the last upgrade is confirmed.'}</p>
        </div>
        <span className="row-actions">
          <button className="button" disabled={d.state !== 'up'} onClick={() => { change.reset(); ask(''); }}>Newest packages</button>
          {newer.map((v) => <button key={v} className="button" disabled={d.state !== 'up' || !!d.kept} onClick={() => { change.reset(); ask(v); }}>Upgrade to {v}</button>)}
        </span>
      </section>
      {asking !== null && (
        <Ask title={asking ? `Upgrade ${d.name} to ${asking}?` : `Bring ${d.name} to the newest packages?`} act="Upgrade" error={change.error} busy={change.isPending} onClose={() => ask(null)}
          onDo={() => change.mutate(asking, { onSuccess: (job) => { onJob(job); ask(null); } })}>
          {asking
            ? <p>It is dumped and restored into a server of version {asking}. Attached apps cannot reach it until that serves; how long that takes follows from its size. The data of version {d.version} is kept until you confirm.</p>
            : <p>Its image is made anew, and its server restarts from it if that is newer: attached apps cannot reach it for some seconds.</p>}
        </Ask>
      )}
    </>
  );
}

function KeptData({ database: d, onJob }: Props) {
  const now = useNow();
  const kept = d.kept!;
  const [asking, ask] = useState<'confirm' | 'back' | null>(null);
  const confirm = useChange(() => databases.confirmUpgrade(d.name), [['database', d.name], ['databases']]);
  const back = useChange(() => databases.rollBack(d.name), [['database', d.name], ['databases']]);
  const close = () => { confirm.reset(); back.reset(); ask(null); };
  return (
    <section className="card pad danger-zone" aria-labelledby="kept">
      <div><h2 id="kept" className="flush">Kept from before the upgrade</h2><p className="muted">{bytes(kept.size_bytes)} of version {kept.version}, upgraded <time dateTime={kept.upgraded}>{ago(kept.upgraded, now)}</time>.</p></div>
      <span className="row-actions">
        <button className="button" onClick={() => ask('confirm')}>Confirm the upgrade</button>
        <button className="button danger" onClick={() => ask('back')}>Go back</button>
      </span>
      {asking === 'confirm' && (
        <Ask title="Confirm the upgrade?" act="Confirm the upgrade" error={confirm.error} busy={confirm.isPending} onClose={close} onDo={() => confirm.mutate(undefined, { onSuccess: close })}>
          <p>The data of version {kept.version} is removed. From then on there is no way back.</p>
        </Ask>
      )}
      {asking === 'back' && (
        <Ask title={`Go back to version ${kept.version}?`} act="Go back" danger typed={d.name} error={back.error} busy={back.isPending} onClose={close} onDo={() => back.mutate(undefined, { onSuccess: (job) => { onJob(job); close(); } })}>
          <p><strong>What was written since the upgrade is lost.</strong> Users and passwords are today's.</p>
        </Ask>
      )}
    </section>
  );
}
