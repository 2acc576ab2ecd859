// The API as a script: enough state to show every page, and the same security headers as the real one. Serves the
// built dashboard from `dist` beside it.
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { databaseAnswers, sampleDatabases } from './scripted_databases.mjs';

const csp = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
const types = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };
const before = (minutes) => new Date(Date.now() - minutes * 60_000).toISOString();

function app(name, state, language, release, minutes) {
  return {
    name, state, language, release, released: release ? before(minutes) : null, urls: [`http://${name}.localhost:8080`],
    git_url: `ssh://git@localhost:2222/${name}.git`, formation: release ? { web: 1 } : {}, created: before(minutes + 5000),
  };
}

export function sampleState() {
  return {
    apps: [app('hello', 'up', 'python', 12, 4), app('shop-frontend', 'deploying', 'node', 48, 1), app('billing-worker', 'crashed', 'ruby', 7, 190),
      app('landing', 'up', 'static', 3, 60 * 24 * 9), app('sandbox', 'new', '', 0, 0)],
    config: { DATABASE_URL: 'postgres://hello:s3cret@db.internal/hello', SECRET_TOKEN: '8c1f0a7d', WEB_CONCURRENCY: '2' },
    keys: [{ id: 1, name: 'laptop', fingerprint: 'SHA256:Jm4VZ7wQq0s9Xk2bT1pLr8yNcE5hUoGdAf3iRvWxYz4', key: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5', created: before(9000) }],
    releases: [
      { version: 12, description: 'Deploy 4f1c2aa', commit: '4f1c2aa90be1c0ffee00000000000000deadbeef', build: 31, user: 'ada', state: 'succeeded', reason: '', current: true, processes: { web: 'gunicorn app:app' }, config_names: ['DATABASE_URL'], created: before(4) },
      { version: 11, description: 'Deploy 90ab177', commit: '90ab177000000000000000000000000000000000', build: 30, user: 'ada', state: 'failed', reason: 'web.1 did not listen on PORT within 60 s', current: false, processes: {}, config_names: [], created: before(31) },
      { version: 10, description: 'Set SECRET_TOKEN config var', commit: '77e01d3000000000000000000000000000000000', build: 29, user: 'grace', state: 'succeeded', reason: '', current: false, processes: {}, config_names: [], created: before(300) },
      { version: 9, description: 'Deploy 77e01d3', commit: '77e01d3000000000000000000000000000000000', build: 29, user: 'ada', state: 'succeeded', reason: '', current: false, processes: {}, config_names: [], created: before(1500) },
    ],
    builds: [
      { id: 32, job: 52, commit: 'be11a5e000000000000000000000000000000000', buildpack: 'python', state: 'running', reason: '', created: before(0.1), finished: null },
      { id: 31, job: 51, commit: '4f1c2aa90be1c0ffee00000000000000deadbeef', buildpack: 'python', state: 'succeeded', reason: '', created: before(4.2), finished: before(4.1) },
      { id: 30, job: 50, commit: '90ab177000000000000000000000000000000000', buildpack: 'python', state: 'failed', reason: 'requirements.txt: no matching version of flask==99', created: before(31), finished: before(30.5) },
    ],
    instances: [{ name: 'web.1', command: 'gunicorn --bind 0.0.0.0:$PORT app:app', state: 'up', release: 12, node: 'local', since: before(4) }],
    log: ['-----> Python app detected', '       Python 3.11', '-----> Installing from requirements.txt', '       flask 3.0.2, gunicorn 21.2.0 …', '       (layer reused: requirements.txt is unchanged)', '-----> Discovering process types', '       Procfile declares web', '-----> Launching', ' !     a warning looks like this', '       Released v12', '       http://hello.localhost:8080 is live'],
    appLog: ['app[web.1]: [2026-11-20 23:10:01 +0000] [7] [INFO] Listening at: http://0.0.0.0:5000 (7)', 'gasper[router]: switched to v12', 'app[web.1]: 10.83.0.1 - - "GET / HTTP/1.1" 200 12', 'app[web.1]: \u001b[31mwarned\u001b[0m in colour'],
    session: '', requests: [], ...sampleDatabases(),
  };
}

const readBody = async (request) => {
  let text = '';
  for await (const piece of request) text += piece;
  return text ? JSON.parse(text) : undefined;
};

function answers(state) {
  const find = (name) => state.apps.find((a) => a.name === name);
  const none = [404, { code: 'app_not_found', detail: 'there is no such app' }];
  const job = (kind) => [202, { id: 99, kind, app: 'hello', state: 'succeeded', step: 'switch', reason: '', user: 'ada', created: before(0), finished: before(0) }];
  return [
    ['GET', /^\/user$/, () => [200, { id: 1, name: 'ada', admin: true }]],
    ['GET', /^\/version$/, () => [200, { version: '0.1.0', domain: 'localhost', git_url: 'ssh://git@localhost:2222/' }]],
    ['GET', /^\/apps$/, () => [200, state.apps]],
    ['POST', /^\/apps$/, (_, body) => { const made = app(body.name, 'new', '', 0, 0); state.apps.push(made); return [201, made]; }],
    ['GET', /^\/apps\/([^/]+)$/, (m) => (find(m[1]) ? [200, find(m[1])] : none)],
    ['DELETE', /^\/apps\/([^/]+)$/, (m) => { state.apps = state.apps.filter((a) => a.name !== m[1]); return [204]; }],
    ['GET', /^\/apps\/[^/]+\/config$/, () => [200, state.config]],
    ['PATCH', /^\/apps\/[^/]+\/config$/, (_, body) => {
      for (const [k, v] of Object.entries(body)) if (v === null) delete state.config[k]; else state.config[k] = v;
      return job('config');
    }],
    ['GET', /^\/apps\/[^/]+\/releases$/, () => [200, state.releases]],
    ['POST', /^\/apps\/[^/]+\/releases$/, () => job('rollback')],
    ['POST', /^\/apps\/[^/]+\/restart$/, () => job('restart')],
    ['GET', /^\/apps\/[^/]+\/builds$/, () => [200, state.builds]],
    ['GET', /^\/apps\/[^/]+\/instances$/, () => [200, state.instances]],
    ['GET', /^\/jobs\/99$/, () => [200, job('rollback')[1]]],
    ['GET', /^\/keys$/, () => [200, state.keys]],
    ...databaseAnswers(state),
  ];
}

function stream(response, lines, ends) {
  response.writeHead(200, { 'Content-Type': 'text/event-stream' });
  lines.forEach((line, n) => response.write(`id: ${n + 1}\ndata: ${line}\n\n`));
  if (ends) response.end('event: end\ndata: {"state":"succeeded","reason":""}\n\n');
}

function serveFile(dist, url, response) {
  const file = path.join(dist, url === '/' || !path.extname(url) ? 'index.html' : path.normalize(url));
  if (!file.startsWith(dist) || !fs.existsSync(file)) return response.writeHead(404).end();
  response.writeHead(200, { 'Content-Type': types[path.extname(file)] ?? 'application/octet-stream', 'Content-Security-Policy': csp });
  return response.end(fs.readFileSync(file));
}

export async function scriptedApi(dist, state) {
  const table = answers(state);
  const server = http.createServer(async (request, response) => {
    const url = new URL(request.url, 'http://x').pathname;
    if (!url.startsWith('/api/v1/')) return serveFile(dist, url, response);
    const body = await readBody(request);
    const at = url.slice('/api/v1'.length);
    state.requests.push([request.method, at, body]);
    const reply = (status, value, headers = {}) => {
      const type = status >= 400 ? 'application/problem+json' : 'application/json';
      response.writeHead(status, { 'Content-Type': type, ...headers }).end(value === undefined ? undefined : JSON.stringify(value));
    };
    if (at === '/auth/session' && request.method === 'POST') {
      if (body.password !== 'right') return reply(401, { code: 'unauthenticated', detail: 'wrong name or password' });
      state.session = 'abc';
      return reply(200, { user: { id: 1, name: body.name, admin: true } }, { 'Set-Cookie': 'gasper_session=abc; Path=/; HttpOnly; SameSite=Strict' });
    }
    if (at === '/auth/session') { state.session = ''; return reply(204); }
    if (!state.session || !(request.headers.cookie ?? '').includes(`gasper_session=${state.session}`)) return reply(401, { code: 'login_required', detail: 'log in first' });
    if (/\/builds\/\d+\/log$/.test(at)) return stream(response, state.log, !at.includes('/32/'));
    if (/^\/jobs\/\d+\/log$/.test(at)) return stream(response, state.jobLog, !state.holdJobs);
    if (/\/logs$/.test(at)) return stream(response, state.appLog.map((l, n) => `2026-11-20T23:10:0${n}.120Z ${l}`), false);
    const found = table.find(([verb, pattern]) => verb === request.method && pattern.test(at));
    if (!found) return reply(404, { code: 'not_found', detail: `no ${request.method} ${at}` });
    return reply(...found[2](found[1].exec(at), body));
  });
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => { server.closeAllConnections(); server.close(); } };
}
