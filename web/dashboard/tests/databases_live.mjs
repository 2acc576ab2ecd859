// Databases on the dashboard of a running Gasper: makes a Redis, attaches it to an app, backs it up, and destroys it.
//   GASPER_API_URL, GASPER_ADMIN_USER, GASPER_ADMIN_PASSWORD in the environment; node databases_live.mjs <app> <database>
import { launch } from './browser.mjs';

const { GASPER_API_URL: url, GASPER_ADMIN_USER: user, GASPER_ADMIN_PASSWORD: password } = process.env;
const [app, database] = process.argv.slice(2);
const minutes = (n) => ({ timeout: n * 60_000 });
const browser = await launch();

const page = await browser.newPage();
page.setDefaultTimeout(20_000);
const complaints = [];
page.on('pageerror', (e) => complaints.push(e.message));
page.on('console', (m) => m.type() === 'error' && !/status of 4\d\d/.test(m.text()) && complaints.push(m.text()));

const button = (name) => page.getByRole('button', { name, exact: true });
const dialog = page.getByRole('dialog');
const inDialog = (name) => dialog.getByRole('button', { name, exact: true });
const open = (tab) => page.getByRole('navigation', { name: `Pages of ${database}` }).getByRole('link', { name: tab }).click();

async function create() {
  await page.getByRole('link', { name: 'Databases', exact: true }).click();
  await button('New database').first().click();
  await page.getByLabel('Name').fill(database);
  await page.getByLabel('Kind').selectOption('redis');
  await button('Create database').click();
  await page.getByText(`Creating ${database}: done`).waitFor(minutes(15));
  await button('Log').click();
  await page.getByRole('log').getByText(database).first().waitFor();
  await page.getByText('up', { exact: true }).waitFor();
}

/** The URL that the app got. It is on no page. */
async function attach() {
  await open('Apps');
  await button('Attach').click();
  await dialog.getByRole('combobox', { name: 'App' }).selectOption(app);
  await inDialog('Attach').click();
  await page.getByText(`Attaching to ${app}: done`).waitFor(minutes(3));
  await page.getByRole('listitem').filter({ hasText: app }).getByText('REDIS_URL').waitFor();
  const given = (await (await page.request.get(`${url}/api/v1/apps/${app}/config`)).json()).REDIS_URL;
  const secret = new URL(given).password;
  if ((await page.content()).includes(secret)) throw new Error('the password is on the page of the database');
  await page.getByRole('listitem').getByRole('link', { name: app }).click();
  await page.getByText('REDIS_URL').waitFor();
  if ((await page.content()).includes(secret)) throw new Error('the password is on the page of the app');
  await page.getByRole('link', { name: 'Overview' }).click();
  await page.getByRole('region', { name: 'Databases' }).getByRole('link', { name: database }).click();
  return given;
}

async function backUp() {
  await open('Backups');
  await button('Back up now').click();
  await inDialog('Back up now').click();
  await page.getByText(`Backing up ${database}: done`).waitFor(minutes(5));
  await page.getByRole('list', { name: 'Backups' }).getByRole('listitem').first().getByText(/^verified /).waitFor();
}

/** What the server says of a database that is attached. */
async function destroyRefused() {
  await open('Settings');
  await button('Destroy database').click();
  if (!(await inDialog('Destroy database').isDisabled())) throw new Error('it would be destroyed without its name');
  await page.getByLabel(`Type ${database} to confirm`).fill(database);
  await inDialog('Destroy database').click();
  const reason = await dialog.getByRole('alert').innerText();
  await inDialog('Cancel').click();
  return reason;
}

async function detach() {
  await open('Apps');
  await page.getByRole('listitem').filter({ hasText: app }).getByRole('button', { name: 'Detach' }).click();
  await inDialog('Detach').click();
  await page.getByText(`Detaching from ${app}: done`).waitFor(minutes(3));
  await page.getByText('None yet.').waitFor();
}

async function destroy() {
  await open('Settings');
  await button('Destroy database').click();
  await page.getByLabel(`Type ${database} to confirm`).fill(database);
  await inDialog('Destroy database').click();
  await page.getByText(`Destroying ${database}: done`).waitFor(minutes(5));
  await page.getByRole('link', { name: database, exact: true }).waitFor({ state: 'detached' });
}

try {
  await page.goto(url);
  await page.getByLabel('Name').fill(user);
  await page.getByLabel('Password').fill(password);
  await button('Log in').click();
  await create();
  const given = await attach();
  await backUp();
  const refusal = await destroyRefused();
  await detach();
  await destroy();
  if (complaints.length > 0) throw new Error(complaints.join('\n'));
  console.log(JSON.stringify({ given, refusal }));
} catch (failure) {
  console.error(`${failure.message}\nThe page at ${page.url()} said:\n${await page.innerText('body')}`);
  process.exitCode = 1;
} finally {
  await browser.close();
}
