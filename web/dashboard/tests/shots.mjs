// Pictures of every page, for the eye: node tests/shots.mjs <dist> <output directory>
import { launch } from './browser.mjs';
import { sampleState, scriptedApi } from './scripted_api.mjs';

const [dist, out] = process.argv.slice(2);
const browser = await launch();

async function shoot(theme, width, state, list, loggedIn = true) {
  const api = await scriptedApi(dist, state);
  const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme: theme, baseURL: api.url, deviceScaleFactor: 1.5 });
  const page = await context.newPage();
  page.on('console', (m) => m.type() === 'error' && console.log(theme, m.text()));
  page.on('pageerror', (e) => console.log(theme, 'pageerror', e.message));
  if (loggedIn) {
    state.session = 'abc';
    await context.addCookies([{ name: 'gasper_session', value: 'abc', url: api.url }]);
  }
  for (const [name, path, act] of list) {
    await page.goto(path);
    await page.waitForLoadState('domcontentloaded');
    await page.waitForSelector(loggedIn ? 'h1, main .notice' : 'input');
    if (act) await act(page);
    await page.waitForTimeout(400);
    await page.screenshot({ path: `${out}/${theme}-${width}-${name}.png` });
  }
  await context.close();
  api.close();
}

const open = (name) => (p) => p.getByRole('button', { name, exact: true }).first().click();
const databasePages = [
  ['databases', '/databases'], ['database-new', '/databases', open('New database')], ['database', '/databases/orders'], ['database-apps', '/databases/orders/apps'],
  ['database-attach', '/databases/orders/apps', open('Attach')], ['database-backups', '/databases/orders/backups'], ['database-restore', '/databases/orders/backups', open('Restore backup 13')],
  ['database-schedule', '/databases/orders/backups', open('Change')],
  ['database-outside', '/databases/orders/outside'], ['database-settings', '/databases/archive/settings'], ['database-gone', '/databases/nothing'],
  ['database-destroy', '/databases/orders/settings', async (p) => { await open('Destroy database')(p); await p.getByLabel('Type orders').fill('orders'); await p.getByRole('dialog').getByRole('button', { name: 'Destroy database' }).click(); await p.getByRole('alert').waitFor(); }],
  ['database-exposed', '/databases/orders/outside', async (p) => { await open('Expose')(p); await p.getByLabel('Port').fill('7000'); await p.getByLabel('For these networks').fill('203.0.113.0/24'); await p.getByRole('dialog').getByRole('button', { name: 'Expose' }).click(); await p.getByText('not shown again').waitFor(); }],
  ['database-outside-open', '/databases/orders/outside'],
];
const working = () => ({ ...sampleState(), holdJobs: true });
const pages = [
  ['apps', '/apps'], ['overview', '/apps/hello'], ['releases', '/apps/hello/releases'], ['builds', '/apps/hello/builds', (p) => p.waitForSelector('.log .step')],
  ['config', '/apps/hello/config', async (p) => { await p.click('[aria-label="Reveal DATABASE_URL"]'); }],
  ['edit', '/apps/hello/config', async (p) => { await p.click('text=Add'); }],
  ['logs', '/apps/hello/logs'], ...databasePages, ['keys', '/keys'], ['new', '/apps/sandbox'], ['settings', '/apps/hello/settings'],
];
for (const theme of ['light', 'dark']) {
  await shoot(theme, 1280, sampleState(), pages);
  await shoot(theme, 1280, working(), [['database-work', '/databases/sessions/backups', async (p) => { await open('Back up now')(p); await p.getByRole('dialog').getByRole('button', { name: 'Back up now' }).click(); await p.getByText('Backing up').waitFor(); }]]);
  await shoot(theme, 1280, { ...sampleState(), databases: [] }, [['databases-empty', '/databases']]);
  await shoot(theme, 1280, { ...sampleState() }, [['login', '/']], false);
  await shoot(theme, 1280, { ...sampleState(), apps: [] }, [['empty', '/apps']]);
}
await shoot('light', 420, sampleState(), [['apps', '/apps'], ['builds', '/apps/hello/builds'], ['config', '/apps/hello/config'], ['overview', '/apps/hello']]);
await shoot('light', 375, sampleState(), databasePages);
await browser.close();
