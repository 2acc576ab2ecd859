import { useState, type FormEvent } from 'react';
import { api, type App } from '../api';
import { useApps, useChange, useKeys, useServer } from '../queries';
import { go, link } from '../route';
import { ago, useNow } from '../time';
import { Commands, Dialog, Failure, Icon, Rows, State } from '../ui/parts';

export function AppsPage() {
  const apps = useApps();
  const [filter, setFilter] = useState('');
  const [adding, setAdding] = useState(false);
  const shown = (apps.data ?? []).filter((app) => app.name.includes(filter.trim().toLowerCase()));
  return (
    <>
      <div className="page-head">
        <h1>Apps {apps.data && apps.data.length > 0 && <span className="count">{apps.data.length}</span>}</h1>
        <div className="page-actions">
          {(apps.data?.length ?? 0) > 5 && <input type="search" placeholder="Find an app" aria-label="Find an app" value={filter} onChange={(e) => setFilter(e.target.value)} />}
          <button className="button primary" onClick={() => setAdding(true)}><Icon name="plus" />New app</button>
        </div>
      </div>
      <Failure error={apps.error} />
      {apps.isPending && <Rows />}
      {apps.data?.length === 0 && <FirstApp />}
      {shown.length > 0 && <ul className="app-list card" aria-label="Apps">{shown.map((app) => <AppRow key={app.name} app={app} />)}</ul>}
      {apps.data && apps.data.length > 0 && shown.length === 0 && <p className="muted center">No app has “{filter}” in its name.</p>}
      {adding && <NewApp onClose={() => setAdding(false)} />}
    </>
  );
}

function AppRow({ app }: { app: App }) {
  const now = useNow();
  const url = app.urls[0];
  return (
    <li className="app-row">
      <div className="app-name">
        <a className="row-link" {...link(`/apps/${app.name}`)}>{app.name}</a>
        {url && app.release > 0 ? <a className="url" href={url} target="_blank" rel="noreferrer">{url.replace(/^https?:\/\//, '')}<Icon name="open" /></a> : <span className="url">{url?.replace(/^https?:\/\//, '')}</span>}
      </div>
      <State state={app.state} />
      <span className="app-language">{app.language || <span className="muted">–</span>}</span>
      <span className="app-release">
        {app.release > 0 ? <><span className="version">v{app.release}</span>{app.released && <time dateTime={app.released} className="muted">{ago(app.released, now)}</time>}</> : <span className="muted">no release</span>}
      </span>
    </li>
  );
}

export function pushCommands(gitUrl: string, fresh = true): string[] {
  return [...(fresh ? [] : ['git init && git add -A && git commit -m "First commit"']), `git remote add gasper ${gitUrl}`, 'git push gasper main'];
}

function FirstApp() {
  const server = useServer();
  const keys = useKeys();
  const base = server.data?.git_url ?? `ssh://git@${location.hostname}:2222/`;
  return (
    <section className="card first" aria-labelledby="first">
      <h2 id="first">Push your first app</h2>
      <p className="muted">In a repository with a web app in it: static files, PHP, Python, Node, Go or Ruby. The push creates the app.</p>
      <ol className="steps">
        <li className={keys.data?.length ? 'done' : ''}>
          <div><strong>Add your SSH key</strong> <a {...link('/keys')}>{keys.data?.length ? `${keys.data.length} there already` : 'Add a key'}</a></div>
        </li>
        <li><div><strong>Push</strong><Commands lines={pushCommands(`${base}hello.git`)} /></div></li>
        <li><div><strong>Open it</strong> <span className="muted">at <code>hello.{server.data?.domain ?? location.hostname}</code></span></div></li>
      </ol>
    </section>
  );
}

function NewApp({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState('');
  const create = useChange(api.createApp, [['apps']]);
  const submit = async (e: FormEvent) => {
    e.preventDefault();
    create.mutate(name, { onSuccess: (app) => go(`/apps/${app.name}`) });
  };
  return (
    <Dialog title="New app" onClose={onClose}>
      <form onSubmit={submit}>
        <Failure error={create.error} />
        <label>Name<input value={name} onChange={(e) => setName(e.target.value)} pattern="[a-z][a-z0-9\-]{0,28}[a-z0-9]" required autoFocus spellCheck={false} autoCapitalize="none" aria-describedby="name-hint" /></label>
        <p id="name-hint" className="hint">2 to 30 of a–z, 0–9 and “-”, beginning with a letter. A <code>git push</code> to a new name creates an app as well.</p>
        <div className="dialog-actions">
          <button type="button" className="button" onClick={onClose}>Cancel</button>
          <button className="button primary" disabled={create.isPending}>Create app</button>
        </div>
      </form>
    </Dialog>
  );
}
