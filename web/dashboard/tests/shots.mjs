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
    await page.waitForSelector(loggedIn ? 'h1' : 'input');
    if (act) await act(page);
    await page.waitForTimeout(400);
    await page.screenshot({ path: `${out}/${theme}-${width}-${name}.png` });
  }
  await context.close();
  api.close();
}

const pages = [
  ['apps', '/apps'], ['overview', '/apps/hello'], ['releases', '/apps/hello/releases'], ['builds', '/apps/hello/builds', (p) => p.waitForSelector('.log .step')],
  ['config', '/apps/hello/config', async (p) => { await p.click('[aria-label="Reveal DATABASE_URL"]'); }],
  ['edit', '/apps/hello/config', async (p) => { await p.click('text=Add'); }],
  ['logs', '/apps/hello/logs'], ['keys', '/keys'], ['new', '/apps/sandbox'], ['settings', '/apps/hello/settings'],
];
for (const theme of ['light', 'dark']) {
  await shoot(theme, 1280, sampleState(), pages);
  await shoot(theme, 1280, { ...sampleState() }, [['login', '/']], false);
  await shoot(theme, 1280, { ...sampleState(), apps: [] }, [['empty', '/apps']]);
}
await shoot('light', 420, sampleState(), [['apps', '/apps'], ['builds', '/apps/hello/builds'], ['config', '/apps/hello/config']]);
await browser.close();
