// The pages of databases in a real browser against a scripted API.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stage } from './stage.mjs';

let page, state;
const { enter, sent, until } = stage((...fresh) => { [page, state] = fresh; });

const button = (name) => page.getByRole('button', { name, exact: true });
const dialog = () => page.getByRole('dialog');
const row = (text) => page.getByRole('listitem').filter({ hasText: text });
const find = (name) => state.databases.find((d) => d.name === name);

test('lists databases with what they are, and opens one', async () => {
  await enter('/databases');
  const orders = row('orders');
  await orders.getByText('PostgreSQL 15 · small').waitFor();
  await orders.getByText('up', { exact: true }).waitFor();
  await orders.getByText('38.1 MiB').waitFor();
  assert.equal(await orders.getByRole('link', { name: 'billing-worker' }).getAttribute('href'), '/apps/billing-worker');
  await row('old-shop').getByText('stopped').waitFor();
  find('old-shop').state = 'up';
  await row('old-shop').getByText('up', { exact: true }).waitFor();
  await page.getByRole('link', { name: 'orders', exact: true }).click();
  await page.getByRole('heading', { name: 'orders', level: 1 }).waitFor();
  assert.equal(await page.title(), 'orders · Gasper');
});

test('creates a database and follows its log live', async () => {
  state.holdJobs = true;
  await enter('/databases');
  await button('New database').click();
  await page.getByLabel('Name').fill('cache');
  await page.getByLabel('Kind').selectOption('redis');
  await page.getByLabel('Plan').selectOption('small');
  await button('Create database').click();
  await page.getByRole('heading', { name: 'cache', level: 1 }).waitFor();
  assert.deepEqual(sent('POST', '/services')[2], { kind: 'redis', name: 'cache', plan: 'small', version: '7' });
  await page.getByText('creating', { exact: true }).waitFor();
  await page.getByRole('log').getByText('Starting the server').waitFor();
  assert.equal(await button('Stop').isDisabled(), true);
  state.finish();
  await page.getByText('Creating cache: done').waitFor();
  await page.getByText('up', { exact: true }).waitFor();
  assert.equal(await page.getByRole('log').count(), 0);
  await button('Dismiss').click();
  assert.equal(await page.getByText('Creating cache').count(), 0);
});

test('says why a database could not be made', async () => {
  await enter('/databases');
  state.refusals['POST /services'] = [409, { code: 'service_exists', detail: "the name 'orders' is taken; choose another" }];
  await button('New database').click();
  await page.getByLabel('Name').fill('orders');
  await button('Create database').click();
  await dialog().getByRole('alert').getByText("the name 'orders' is taken; choose another").waitFor();
  state.refusals = {};
  state.holdJobs = true;
  await page.getByLabel('Name').fill('cache');
  await button('Create database').click();
  await page.getByText('Creating cache…').waitFor();
  state.databases = state.databases.filter((d) => d.name !== 'cache');
  state.finish('the image of Redis 7 cannot be made: no space is left');
  await page.getByRole('alert').getByText('no space is left').waitFor();
  await page.getByText('There is no database cache').waitFor();
});

test('goes on following work after the page was loaded anew', async () => {
  state.holdJobs = true;
  await enter('/databases/orders/backups');
  await button('Back up now').click();
  await dialog().getByRole('button', { name: 'Back up now' }).click();
  await page.getByText('Backing up orders…').waitFor();
  await page.reload();
  await page.getByText('Backing up orders…').waitFor();
  state.finish();
  await page.getByText('Backing up orders: done').waitFor();
});

test('shows how a database is, and its slow statements', async () => {
  await enter('/databases/orders');
  for (const text of ['71 MiB', 'of 256 MiB', '6 of 27', '38.1 MiB', '99.3 %', 'PostgreSQL 15.8', 'orders.db.internal:5432', '10.83.4.2:5432', 'not at all'])
    await page.getByText(text).first().waitFor();
  const slow = page.getByRole('row').filter({ hasText: 'JOIN customers' });
  await slow.getByText('2.8 s').waitFor();
  await slow.getByText('4102').waitFor();
  await page.goto('/databases/sessions');
  await page.getByText('sessions.db.internal:6379').waitFor();
  await until(() => sent('GET', '/service-kinds'));
  assert.equal(sent('GET', '/services/sessions/slow'), undefined);
  assert.equal(await page.getByText('Slow statements').count(), 0);
});

test('attaches, promotes, rotates and detaches', async () => {
  await enter('/databases/orders/apps');
  await button('Attach').click();
  await dialog().getByRole('combobox', { name: 'App' }).selectOption('landing');
  await dialog().getByRole('textbox', { name: 'As' }).fill('blue');
  await dialog().getByText('BLUE_URL', { exact: true }).waitFor();
  await page.getByLabel('Read-only').check();
  await dialog().getByRole('button', { name: 'Attach' }).click();
  await page.getByText('Attaching to landing: done').waitFor();
  assert.deepEqual(sent('POST', '/services/orders/attachments')[2], { app: 'landing', rights: 'ro', as: 'BLUE' });
  const landing = row('landing');
  await landing.getByText('read-only').waitFor();
  assert.equal((await page.content()).includes('s3cr3t-of-the-app'), false);
  assert.equal(await row('hello').getByRole('button', { name: 'Promote' }).count(), 0);
  await landing.getByRole('button', { name: 'Promote' }).click();
  await dialog().getByRole('button', { name: 'Promote' }).click();
  await landing.getByText('DATABASE_URL').waitFor();
  assert.deepEqual(sent('POST', '/services/orders/attachments/landing/promotion')[2], { variable: 'BLUE_URL' });
  await landing.getByRole('button', { name: 'Rotate credentials' }).click();
  await dialog().getByRole('button', { name: 'Rotate credentials' }).click();
  await landing.getByText('u_rotated').waitFor();
  await landing.getByRole('button', { name: 'Detach' }).click();
  await dialog().getByRole('button', { name: 'Detach' }).click();
  await page.getByText('Detaching from landing: done').waitFor();
  await until(() => find('orders').attachments.length === 2);
  await landing.waitFor({ state: 'detached' });
});

test('makes backups, and says which of them are proved', async () => {
  state.backups.alarm = 'the backup of 03:00 has not been made';
  await enter('/databases/orders/backups');
  await page.getByRole('alert').getByText('the backup of 03:00').waitFor();
  await row('no memory is left').getByText('not verified').waitFor();
  state.holdJobs = true;
  await button('Back up now').click();
  await page.getByLabel('Kept in').selectOption('offsite');
  await dialog().getByRole('button', { name: 'Back up now' }).click();
  const fresh = row('in offsite');
  await fresh.getByText('being made').waitFor();
  assert.equal(await fresh.getByRole('button', { name: /Restore/ }).isDisabled(), true);
  state.finish();
  await fresh.getByText('verified just now').waitFor();
  await button('Delete backup 12').click();
  await dialog().getByRole('button', { name: 'Delete backup' }).click();
  await button('Delete backup 12').waitFor({ state: 'detached' });
});

test('restores into a new database, or over this one when its name was typed', async () => {
  await enter('/databases/orders/backups');
  await button('Restore backup 14').click();
  await page.getByLabel('Name of the new database').fill('orders-copy');
  await button('Restore into a new one').click();
  await page.getByText('Restoring orders-copy: done').waitFor();
  assert.deepEqual(sent('POST', '/services/orders/backups/14/restore')[2], { into: 'orders-copy' });
  await button('Restore backup 13').click();
  await dialog().getByText('It is not verified').waitFor();
  await page.getByLabel('In the place of what is in orders').check();
  const replace = button('Replace what is in orders');
  assert.equal(await replace.isDisabled(), true);
  await page.getByLabel('Type orders to confirm').fill('orders');
  await replace.click();
  await page.getByText('Restoring orders: done').waitFor();
  assert.deepEqual(sent('POST', '/services/orders/backups/13/restore')[2], { confirm: 'orders' });
});

test('shows and changes the schedule', async () => {
  await enter('/databases/orders/backups');
  const card = page.getByRole('region', { name: 'Schedule' });
  await card.getByText('0 3 * * *').waitFor();
  await button('Change').click();
  state.refusals['PUT /services/orders/backup-schedule'] = [422, { code: 'cron', detail: 'a cron expression has five fields' }];
  await page.getByLabel('When').fill('0 4 * *');
  await button('Save').click();
  await dialog().getByText('a cron expression has five fields').waitFor();
  state.refusals = {};
  await page.getByLabel('When').fill('0 4 * * *');
  await button('Save').click();
  await card.getByText('0 4 * * *').waitFor();
  await button('Remove the schedule').click();
  await dialog().getByRole('button', { name: 'Remove' }).click();
  await card.getByText('It is not backed up by itself.').waitFor();
});

test('shows the URL from outside once, and nowhere else', async () => {
  await enter('/databases/orders/outside');
  await button('Expose').click();
  await page.getByLabel('Port').fill('7000');
  await page.getByLabel('For these networks').fill('203.0.113.0/24,\n2001:db8::/32');
  await dialog().getByRole('button', { name: 'Expose' }).click();
  await dialog().getByText('postgres://u_outside:pa55-once@gasper.example.org:7000/app').waitFor();
  assert.deepEqual(sent('PUT', '/services/orders/exposure')[2], { port: 7000, allow: ['203.0.113.0/24', '2001:db8::/32'], anyone: false, rights: 'rw' });
  await page.mouse.click(5, 5); // beside it: it stays
  const [file] = await Promise.all([page.waitForEvent('download'), dialog().getByRole('button', { name: 'Download orders.crt' }).click()]);
  assert.equal(file.suggestedFilename(), 'orders.crt');
  await button('I have it').click();
  await page.getByText('gasper.example.org:7000').waitFor();
  assert.equal((await page.content()).includes('pa55-once'), false);
  await button('Change').click();
  assert.equal(await page.getByLabel('For these networks').inputValue(), '203.0.113.0/24\n2001:db8::/32');
  await page.getByLabel('Port').fill('7001');
  await button('Save').click();
  await page.getByText('gasper.example.org:7001').waitFor();
  assert.equal((await page.content()).includes('pa55-once'), false);
  await button('Unexpose').click();
  await dialog().getByRole('button', { name: 'Unexpose' }).click();
  await page.getByText('It is not reached from outside').waitFor();
});

test('upgrades, and goes back or confirms', async () => {
  await enter('/databases/orders/settings');
  await button('Upgrade to 17').click();
  await button('Upgrade').click();
  await page.getByText('Upgrading orders: done').waitFor();
  assert.deepEqual(sent('POST', '/services/orders/upgrade')[2], { version: '17' });
  await button('Go back').click();
  assert.equal(await dialog().getByRole('button', { name: 'Go back' }).isDisabled(), true);
  await page.getByLabel('Type orders to confirm').fill('orders');
  await dialog().getByRole('button', { name: 'Go back' }).click();
  await until(() => find('orders').version === '15');
  assert.deepEqual(sent('POST', '/services/orders/upgrade/rollback')[2], { confirm: 'orders' });
  await page.goto('/databases/archive/settings');
  await button('Confirm the upgrade').click();
  await dialog().getByRole('button', { name: 'Confirm the upgrade' }).click();
  await page.getByText('Kept from before the upgrade').waitFor({ state: 'detached' });
  assert.equal(find('archive').kept, null);
});

test('stops after asking, and starts', async () => {
  await enter('/databases/orders');
  await button('Stop').click();
  await dialog().getByText('cannot reach it until it is started again').waitFor();
  await dialog().getByRole('button', { name: 'Stop' }).click();
  await page.getByText('Stopping orders: done').waitFor();
  await button('Start').click();
  await page.getByText('Starting orders: done').waitFor();
  assert.deepEqual(state.requests.filter(([m, p]) => m === 'POST' && p === '/services/orders/orders').map((r) => r[2]), [{ do: 'stop' }, { do: 'start' }]);
});

test('destroys a database only when its name was typed, and shows what is left', async () => {
  state.leftOf = 'orders';
  await enter('/databases/orders/settings');
  await button('Destroy database').click();
  const confirm = dialog().getByRole('button', { name: 'Destroy database' });
  assert.equal(await confirm.isDisabled(), true);
  await page.getByLabel('Type orders to confirm').fill('order');
  assert.equal(await confirm.isDisabled(), true);
  await page.getByLabel('Type orders to confirm').fill('orders');
  await confirm.click();
  await dialog().getByRole('alert').getByText('detach it first').waitFor();
  find('orders').attachments = [];
  await confirm.click();
  await page.getByText('Destroying orders: done').waitFor();
  await page.getByRole('heading', { name: /^Databases/ }).waitFor();
  assert.equal(await page.getByRole('link', { name: 'orders', exact: true }).count(), 0);
  await page.goto('/databases/orders');
  await page.getByText('There is no database orders').waitFor();
  await button('Restore backup 14').click();
  assert.equal(await page.getByLabel('In the place of').count(), 0);
  await page.getByLabel('Name of the new database').waitFor();
});

test('is usable with the keyboard alone', async () => {
  await enter('/databases');
  await page.getByRole('link', { name: 'orders', exact: true }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'orders', level: 1 }).waitFor();
  await page.getByRole('link', { name: 'Apps', exact: true }).last().focus();
  await page.keyboard.press('Enter');
  await button('Attach').focus();
  await page.keyboard.press('Enter');
  await dialog().waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.tagName), 'SELECT');
  await page.keyboard.press('Escape');
  await dialog().waitFor({ state: 'detached' });
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Attach');
});

test('fits a phone', async () => {
  await page.setViewportSize({ width: 360, height: 740 });
  Object.assign(find('orders'), { exposed: { port: 7000, allowed: '203.0.113.0/24' } });
  state.exposure = {
    service: 'orders', host: 'a-rather-long-name.gasper.example.org', port: 7000, allowed: ['203.0.113.0/24'], user: 'u_1a2b3c4d', rights: 'ro', url: null, certificate: 'PEM',
    fingerprint: `SHA256 ${Array(32).fill('AB').join(':')}`, note: '', open: true, connections: 3, created: new Date().toISOString(),
  };
  await enter('/databases');
  for (const at of ['', '/orders', '/orders/apps', '/orders/backups', '/orders/outside', '/orders/settings', '/archive/settings']) {
    await page.goto(`/databases${at}`);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.waitForLoadState('networkidle');
    const [wide, seen] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    assert.ok(wide <= seen, `/databases${at} is ${wide} wide`);
    if (at.split('/').length > 2) await page.waitForFunction(() => document.querySelector('.tabs [aria-current]').getBoundingClientRect().right <= innerWidth);
  }
});
