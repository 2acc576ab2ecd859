// The dashboard of a running Gasper: logs in, sees an app in the list, and its build's log.
//   GASPER_API_URL, GASPER_ADMIN_USER, GASPER_ADMIN_PASSWORD in the environment; node live.mjs <app> [picture.png]
import { launch } from './browser.mjs';

const { GASPER_API_URL: url, GASPER_ADMIN_USER: user, GASPER_ADMIN_PASSWORD: password } = process.env;
const [app, picture] = process.argv.slice(2);
const browser = await launch();
try {
  const page = await browser.newPage();
  page.setDefaultTimeout(20_000);
  const complaints = [];
  page.on('pageerror', (e) => complaints.push(e.message));
  page.on('console', (m) => m.type() === 'error' && !/status of 401/.test(m.text()) && complaints.push(m.text()));
  await page.goto(url);
  await page.getByLabel('Name').fill(user);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Log in' }).click();
  const row = page.getByRole('listitem').filter({ hasText: app });
  await row.getByText('up', { exact: true }).waitFor();
  const shown = { state: 'up', url: await row.getByRole('link', { name: new RegExp(`^${app}\\.`) }).getAttribute('href') };
  if (picture) await page.screenshot({ path: picture });
  await row.getByRole('link', { name: app, exact: true }).click();
  await page.getByRole('link', { name: 'Builds' }).click();
  await page.getByRole('button', { name: /succeeded/ }).first().click();
  await page.getByRole('log').getByText('detected').first().waitFor();
  if (complaints.length > 0) throw new Error(complaints.join('\n'));
  console.log(JSON.stringify(shown));
} finally {
  await browser.close();
}
