// Databases of the scripted API: enough of them to show every page.
const before = (minutes) => new Date(Date.now() - minutes * 60_000).toISOString();
const mib = 1 << 20;

const titles = { postgres: 'PostgreSQL', redis: 'Redis', mariadb: 'MariaDB' };
const plans = [{ name: 'small', memory_bytes: 256 * mib, cpus: 1 }, { name: 'medium', memory_bytes: 1024 * mib, cpus: 2 }];
const kinds = [
  { name: 'mariadb', title: 'MariaDB', versions: ['10.11'], variable: 'DATABASE_URL', slow_statements: false, plans },
  { name: 'postgres', title: 'PostgreSQL', versions: ['15', '17'], variable: 'DATABASE_URL', slow_statements: true, plans },
  { name: 'redis', title: 'Redis', versions: ['7'], variable: 'REDIS_URL', slow_statements: false, plans: [{ name: 'small', memory_bytes: 96 * mib, cpus: 1 }] },
];

function database(name, kind, version, state, more = {}) {
  const up = state === 'up';
  return {
    name, kind, title: titles[kind], version, plan: 'small', state, host: `${name}.db.internal`, port: kind === 'redis' ? 6379 : 5432, address: up ? '10.83.4.2' : null,
    memory_bytes: up ? 71 * mib : 0, memory_limit_bytes: 256 * mib, attachments: [], backed_up: null, kept: null, exposed: null, created: before(9000),
    stats: up ? { version: `${version}.8`, size_bytes: 38 * mib + 99_000, connections: 6, max_connections: 27, hit_ratio: 0.9931, slow_queries: 2 } : null, ...more,
  };
}
const attached = (app, variable, more = {}) => ({ app, variable, user: `u_${app.slice(0, 4)}1a2b`, rights: 'rw', active: true, ...more });
const backup = (id, minutes, more = {}) => ({
  id, service: 'orders', kind: 'postgres', version: '15', place: 'local', origin: 'schedule', state: 'stored', verified: before(minutes - 1), problem: '',
  size_bytes: 4_200_000, dump_bytes: 19_000_000, created: before(minutes), ...more,
});

export function sampleDatabases() {
  return {
    databases: [
      database('orders', 'postgres', '15', 'up', { attachments: [attached('hello', 'DATABASE_URL'), attached('billing-worker', 'ORDERS_URL', { rights: 'ro' })], backed_up: before(200) }),
      database('sessions', 'redis', '7', 'up', { attachments: [attached('hello', 'REDIS_URL')], stats: null }),
      database('archive', 'postgres', '17', 'upgrading', { kept: { version: '15', size_bytes: 812 * mib, upgraded: before(1300) } }),
      database('old-shop', 'mariadb', '10.11', 'stopped'),
    ],
    backups: { backups: [
      backup(14, 200), backup(13, 500, { verified: null, problem: 'the throw-away server did not come up: no memory is left', origin: 'manual' }), backup(12, 1700),
    ], schedule: { schedule: '0 3 * * *', zone: 'UTC', keep: 'daily=7,weekly=4,monthly=6', place: 'local', next: before(-300) }, alarm: '' },
    slow: [
      { statement: 'SELECT o.id, o.total, c.name FROM orders o JOIN customers c ON c.id = o.customer WHERE o.created > $1 ORDER BY o.total DESC LIMIT $2', calls: 4102, longest_ms: 2841.2, mean_ms: 92.4 },
      { statement: 'UPDATE orders SET state = $1 WHERE id = $2', calls: 88_120, longest_ms: 610.9, mean_ms: 1.3 },
    ],
    exposure: null, jobs: [], refusals: {},
    jobLog: ['-----> Creating Redis 7 "cache", plan small', '-----> Making the image of Redis 7', '       (made already)', '-----> Starting the server', '       ready after 0.4 s'],
  };
}

let numbers = 500;

/** Long work: it runs until `state.finish()`, unless it is let end at once. */
function begin(state, kind, app, effect = () => {}) {
  const job = { id: ++numbers, parent: null, kind, app, state: 'running', step: 'server', reason: '', user: 'ada', created: before(0), finished: null };
  const end = (reason = '') => {
    Object.assign(job, { state: reason ? 'failed' : 'succeeded', reason, finished: before(0) });
    if (!reason) effect();
  };
  state.jobs.unshift(job);
  state.finish = end;
  if (!state.holdJobs) end();
  return [202, job];
}

function exposureOf(name, body) {
  return {
    service: name, host: 'gasper.example.org', port: body.port, allowed: body.allow, user: 'u_outside', rights: body.rights ?? 'rw', url: null,
    certificate: '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n', fingerprint: 'SHA256 1A:2B:3C:4D', note: '', open: true, connections: 0, created: before(0),
  };
}

function attachmentAnswers(state, find) {
  const at = (m) => find(m[1]).attachments.find((a) => a.app === m[2]);
  return [
    ['POST', /^\/services\/([^/]+)\/attachments$/, (m, body) => {
      const variable = body.as ? `${body.as}_URL` : kinds.find((k) => k.name === find(m[1]).kind).variable;
      return begin(state, 'attach', body.app, () => { find(m[1]).attachments.push(attached(body.app, variable, { rights: body.rights })); state.config[variable] = 'redis://u:s3cr3t-of-the-app@x/0'; });
    }],
    ['DELETE', /^\/services\/([^/]+)\/attachments\/([^/]+)$/, (m) => begin(state, 'detach', m[2], () => { const d = find(m[1]); d.attachments = d.attachments.filter((a) => a.app !== m[2]); })],
    ['POST', /^\/services\/([^/]+)\/attachments\/([^/]+)\/rotation$/, (m) => begin(state, 'rotate', m[2], () => { at(m).user = 'u_rotated'; })],
    ['POST', /^\/services\/([^/]+)\/attachments\/([^/]+)\/promotion$/, (m) => begin(state, 'promote', m[2], () => { at(m).variable = 'DATABASE_URL'; })],
  ];
}

function backupAnswers(state, find) {
  const all = () => state.backups;
  return [
    ['GET', /^\/services\/([^/]+)\/backups$/, (m) => (find(m[1]) || state.leftOf === m[1] ? [200, all()] : [404, { code: 'service_not_found', detail: `there is no service '${m[1]}' that you may use` }])],
    ['POST', /^\/services\/([^/]+)\/backups$/, (m, body) => {
      const made = backup(15, 0, { service: m[1], origin: 'manual', state: 'running', verified: null, place: body.to });
      all().backups.unshift(made);
      return begin(state, 'backup', `service:${m[1]}`, () => Object.assign(made, { state: 'stored', verified: before(0) }));
    }],
    ['DELETE', /^\/services\/[^/]+\/backups\/(\d+)$/, (m) => { all().backups = all().backups.filter((b) => b.id !== Number(m[1])); return [204]; }],
    ['POST', /^\/services\/([^/]+)\/backups\/\d+\/restore$/, (m, body) => begin(state, 'restore', `service:${body.into ?? m[1]}`)],
    ['PUT', /^\/services\/[^/]+\/backup-schedule$/, (_, body) => { all().schedule = { ...body, place: body.to, next: before(-60) }; return [200, all()]; }],
    ['DELETE', /^\/services\/[^/]+\/backup-schedule$/, () => { all().schedule = null; return [204]; }],
    ['GET', /^\/backup-stores$/, () => [200, [{ name: 'offsite' }]]],
  ];
}

function upgradeAndExposureAnswers(state, find) {
  return [
    ['POST', /^\/services\/([^/]+)\/upgrade$/, (m, body) => begin(state, 'service-upgrade', `service:${m[1]}`, () => {
      const d = find(m[1]);
      if (body.version) Object.assign(d, { kept: { version: d.version, size_bytes: 40 * mib, upgraded: before(0) }, version: body.version });
    })],
    ['POST', /^\/services\/([^/]+)\/upgrade\/confirmation$/, (m) => { find(m[1]).kept = null; return [204]; }],
    ['POST', /^\/services\/([^/]+)\/upgrade\/rollback$/, (m) => begin(state, 'service-rollback', `service:${m[1]}`, () => { const d = find(m[1]); Object.assign(d, { version: d.kept.version, kept: null }); })],
    ['GET', /^\/services\/[^/]+\/exposure$/, () => (state.exposure ? [200, state.exposure] : [404, { code: 'service_not_exposed', detail: 'it is not exposed' }])],
    ['PUT', /^\/services\/([^/]+)\/exposure$/, (m, body) => {
      const fresh = !state.exposure;
      state.exposure = exposureOf(m[1], body);
      find(m[1]).exposed = { port: body.port, allowed: body.allow.join(',') };
      return [200, { ...state.exposure, url: fresh ? `postgres://u_outside:pa55-once@gasper.example.org:${body.port}/app` : null }];
    }],
    ['DELETE', /^\/services\/([^/]+)\/exposure$/, (m) => { state.exposure = null; find(m[1]).exposed = null; return [204]; }],
  ];
}

export function databaseAnswers(state) {
  const find = (name) => state.databases.find((d) => d.name === name);
  const none = (name) => [404, { code: 'service_not_found', detail: `there is no service '${name}' that you may use` }];
  const table = [
    ['GET', /^\/service-kinds$/, () => [200, kinds]],
    ['GET', /^\/services$/, () => [200, state.databases]],
    ['POST', /^\/services$/, (_, body) => {
      const made = database(body.name, body.kind, body.version, 'creating', { plan: body.plan });
      state.databases.push(made);
      const [status, job] = begin(state, 'service-create', `service:${body.name}`, () => Object.assign(made, database(body.name, body.kind, body.version, 'up')));
      return [status, job];
    }],
    ['GET', /^\/services\/([^/]+)$/, (m) => (find(m[1]) ? [200, find(m[1])] : none(m[1]))],
    ['DELETE', /^\/services\/([^/]+)$/, (m) => {
      const app = find(m[1]).attachments[0]?.app;
      if (app) return [409, { code: 'service_attached', detail: `${m[1]} is attached to ${app}; detach it first` }];
      return begin(state, 'service-destroy', `service:${m[1]}`, () => { state.databases = state.databases.filter((d) => d.name !== m[1]); });
    }],
    ['GET', /^\/services\/([^/]+)\/slow$/, () => [200, state.slow]],
    ['POST', /^\/services\/([^/]+)\/orders$/, (m, body) => begin(state, `service-${body.do}`, `service:${m[1]}`, () => { find(m[1]).state = body.do === 'stop' ? 'stopped' : 'up'; })],
    ['GET', /^\/jobs$/, () => [200, state.jobs.slice(0, 1)]],
    ['GET', /^\/jobs\/(5\d\d)$/, (m) => [200, state.jobs.find((j) => j.id === Number(m[1]))]],
    ...attachmentAnswers(state, find), ...backupAnswers(state, find), ...upgradeAndExposureAnswers(state, find),
  ];
  // What a test wants refused: state.refusals['POST /services'] = [409, {code, detail}].
  return table.map(([verb, pattern, answer]) => [verb, pattern, (m, body) => state.refusals[`${verb} ${m[0]}`] ?? answer(m, body)]);
}
