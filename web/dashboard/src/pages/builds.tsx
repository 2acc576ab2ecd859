import { useState } from 'react';
import { api, type Build } from '../api';
import { useBuilds } from '../queries';
import { ago, took, useNow } from '../time';
import { Failure, Icon, Rows, State } from '../ui/parts';
import { LogView } from './log';

export function Builds({ name }: { name: string }) {
  const builds = useBuilds(name);
  const now = useNow(1000);
  const [chosen, choose] = useState<number | null>(null);
  if (builds.isPending) return <Rows />;
  if (builds.error) return <Failure error={builds.error} />;
  if (builds.data.length === 0) return <p className="muted center">No builds yet: push.</p>;
  const running = builds.data.find((b) => b.state === 'running');
  const open = chosen ?? running?.id ?? null;
  return (
    <section className="card" aria-label="Builds">
      <ul className="build-list">
        {builds.data.map((b) => <BuildRow key={b.id} app={name} build={b} now={now} open={open === b.id} onToggle={() => choose(open === b.id ? 0 : b.id)} />)}
      </ul>
    </section>
  );
}

function BuildRow({ app, build, now, open, onToggle }: { app: string; build: Build; now: number; open: boolean; onToggle: () => void }) {
  return (
    <li>
      <button className="build-row" aria-expanded={open} onClick={onToggle}>
        <span className={open ? 'turned' : ''}><Icon name="chevron" /></span>
        <State state={build.state} />
        <code>{build.commit.slice(0, 7)}</code>
        <span className="build-what">{build.reason || build.buildpack || 'detecting…'}</span>
        <span className="muted">{took(build.created, build.finished, now)}</span>
        <time className="muted" dateTime={build.created}>{ago(build.created, now)}</time>
      </button>
      {open && <LogView url={api.buildLog(app, build.id)} title={`Log of build ${build.commit.slice(0, 7)}`} />}
    </li>
  );
}
