import { useState } from 'react';
import { api, Refusal, type App, type Job } from '../api';
import { useApp, useChange, useDatabases, useInstances, useReleases } from '../queries';
import { go, link } from '../route';
import { ago, useNow } from '../time';
import { Ask, Commands, Failure, Icon, Notice, Rows, State, Tabs } from '../ui/parts';
import { pushCommands } from './apps';
import { Builds } from './builds';
import { Config } from './config';
import { LogView } from './log';
import { Releases } from './releases';
import { JobNotice } from './work';

const tabs = [['overview', 'Overview'], ['releases', 'Releases'], ['builds', 'Builds'], ['config', 'Config vars'], ['logs', 'Logs'], ['settings', 'Settings']] as const;

export function AppPage({ name, tab }: { name: string; tab: string }) {
  const app = useApp(name);
  const [job, follow] = useState<Job | null>(null);
  if (app.error instanceof Refusal && app.error.status === 404) {
    return <Notice kind="plain" title={`There is no app ${name}`}><a {...link('/apps')}>All apps</a></Notice>;
  }
  if (!app.data) return app.error ? <Failure error={app.error} /> : <Rows n={5} />;
  return (
    <>
      <AppHead app={app.data} onJob={follow} />
      <Tabs of={name} base={`/apps/${name}`} tabs={tabs} open={tab} />
      {job && <JobNotice key={job.id} job={job} onClose={() => follow(null)} />}
      {tab === 'overview' && <Overview app={app.data} />}
      {tab === 'releases' && <Releases app={app.data} onJob={follow} />}
      {tab === 'builds' && <Builds name={name} />}
      {tab === 'config' && <Config name={name} onJob={follow} />}
      {tab === 'logs' && <LogView url={api.logs(name)} title={`Logs of ${name}`} tall />}
      {tab === 'settings' && <Settings app={app.data} />}
    </>
  );
}

function AppHead({ app, onJob }: { app: App; onJob: (job: Job) => void }) {
  const restart = useChange(api.restart, [['app', app.name]]);
  const url = app.urls[0];
  return (
    <>
      <div className="page-head">
        <div className="app-title">
          <h1>{app.name}</h1>
          <State state={app.state} />
        </div>
        <div className="page-actions">
          {app.release > 0 && <button className="button" disabled={restart.isPending} onClick={() => restart.mutate(app.name, { onSuccess: onJob })}><Icon name="restart" />Restart</button>}
          {url && app.release > 0 && <a className="button primary" href={url} target="_blank" rel="noreferrer">Open app<Icon name="open" /></a>}
        </div>
      </div>
      <Failure error={restart.error} />
    </>
  );
}

function Overview({ app }: { app: App }) {
  const now = useNow();
  const instances = useInstances(app.name);
  const releases = useReleases(app.name);
  const last = releases.data?.find((r) => r.current);
  if (app.state === 'new') {
    return (
      <section className="card first">
        <h2>Nothing here yet: push</h2>
        <p className="muted">In a repository with a web app in it:</p>
        <Commands lines={pushCommands(app.git_url)} />
      </section>
    );
  }
  return (
    <div className="stack">
      <section className="card" aria-labelledby="instances">
        <h2 id="instances">Instances</h2>
        {instances.isPending && <Rows n={1} />}
        <Failure error={instances.error} />
        {instances.data?.length === 0 && <p className="muted pad">None is running.</p>}
        {instances.data && instances.data.length > 0 && (
          <div className="scroll"><table>
            <thead><tr><th>Name</th><th>State</th><th>Release</th><th>Command</th><th>Node</th><th>Since</th></tr></thead>
            <tbody>
              {instances.data.map((i) => (
                <tr key={i.name + i.since}>
                  <td><strong>{i.name}</strong></td><td><State state={i.state} /></td><td><span className="version">v{i.release}</span></td>
                  <td className="wide-cell"><code title={i.command}>{i.command}</code></td><td>{i.node}</td><td className="muted"><time dateTime={i.since}>{ago(i.since, now)}</time></td>
                </tr>
              ))}
            </tbody>
          </table></div>
        )}
      </section>
      <Attached name={app.name} />
      <section className="card" aria-labelledby="facts">
        <h2 id="facts">About</h2>
        <dl className="facts">
          <div><dt>Language</dt><dd><span className="language">{app.language || '–'}</span></dd></div>
          <div><dt>Release</dt><dd>{last ? <><span className="version">v{last.version}</span> {last.description} <span className="muted">by {last.user}, {ago(last.created, now)}</span></> : '–'}</dd></div>
          <div><dt>URLs</dt><dd>{app.urls.map((url) => <a key={url} href={url} target="_blank" rel="noreferrer">{url}</a>)}</dd></div>
          <div><dt>Git remote</dt><dd><code>{app.git_url}</code></dd></div>
          <div><dt>Created</dt><dd><time dateTime={app.created}>{ago(app.created, now)}</time></dd></div>
        </dl>
      </section>
    </div>
  );
}

/** Of one's own databases: those that this app has. */
function Attached({ name }: { name: string }) {
  const all = useDatabases();
  const mine = (all.data ?? []).flatMap((database) => database.attachments.filter((a) => a.app === name).map((a) => ({ database, a })));
  return (
    <section className="card" aria-labelledby="databases">
      <h2 id="databases">Databases</h2>
      {all.isPending && <div className="pad"><Rows n={1} /></div>}
      <Failure error={all.error} />
      {all.data && mine.length === 0 && <p className="muted pad">None of your <a {...link('/databases')}>databases</a> is attached.</p>}
      {mine.length > 0 && (
        <ul className="attached-list">
          {mine.map(({ database, a }) => (
            <li key={`${database.name} ${a.variable}`}>
              <a {...link(`/databases/${database.name}`)}>{database.name}</a>
              <span className="muted">{database.title} {database.version}</span>
              <State state={database.state} />
              <span><code>{a.variable}</code>{a.rights === 'ro' && <> <span className="tag plain">read-only</span></>}{!a.active && <> <span className="tag plain">being attached</span></>}</span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Settings({ app }: { app: App }) {
  const [asking, setAsking] = useState(false);
  const destroy = useChange(api.destroyApp, [['apps']]);
  return (
    <div className="stack">
      <section className="card pad">
        <h2 className="flush">Git remote</h2>
        <Commands lines={pushCommands(app.git_url)} />
      </section>
      <section className="card pad danger-zone">
        <div><h2 className="flush">Destroy this app</h2><p className="muted">Its instances, releases, config vars and repository are removed, for good.</p></div>
        <button className="button danger" onClick={() => { destroy.reset(); setAsking(true); }}>Destroy app</button>
      </section>
      {asking && (
        <Ask title={`Destroy ${app.name}?`} act="Destroy app" acting="Destroying…" danger typed={app.name} error={destroy.error} busy={destroy.isPending} onClose={() => setAsking(false)}
          onDo={() => destroy.mutate(app.name, { onSuccess: () => go('/apps') })} />
      )}
    </div>
  );
}
