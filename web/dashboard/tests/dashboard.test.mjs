// The dashboard in a real browser against a scripted API.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stage } from './stage.mjs';

let page, state;
const { enter, sent, until } = stage((...fresh) => { [page, state] = fresh; });

test('logs in, and says why it does not', async () => {
  await page.goto('/');
  await page.getByLabel('Name').fill('ada');
  await page.getByLabel('Password').fill('wrong');
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByText('wrong name or password').waitFor();
  await page.getByLabel('Password').fill('right');
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByRole('heading', { name: /^Apps/ }).waitFor();
  await page.getByRole('button', { name: 'Log out' }).click();
  await page.getByRole('heading', { name: 'Log in to Gasper' }).waitFor();
});

test('asks to log in again when the session has ended', async () => {
  await enter();
  await page.getByRole('link', { name: 'hello', exact: true }).waitFor();
  state.session = 'another';
  await page.getByRole('heading', { name: 'Log in to Gasper' }).waitFor();
});

test('lists apps with state and URL, live', async () => {
  await enter();
  const row = page.getByRole('listitem').filter({ hasText: 'shop-frontend' });
  await row.getByText('deploying').waitFor();
  assert.equal(await row.getByRole('link', { name: /localhost:8080/ }).getAttribute('href'), 'http://shop-frontend.localhost:8080');
  state.apps[1].state = 'up';
  await row.getByText('up', { exact: true }).waitFor();
});

test('shows how to push when there is nothing yet', async () => {
  state.apps = [];
  await enter();
  await page.getByText('git remote add gasper ssh://git@localhost:2222/hello.git').waitFor();
  await page.getByText('git push gasper main').waitFor();
});

test('hides config values until asked, and changes them', async () => {
  await enter('/apps/hello/config');
  await page.getByText('SECRET_TOKEN').waitFor();
  assert.equal(await page.getByText('8c1f0a7d').count(), 0);
  await page.getByRole('button', { name: 'Reveal SECRET_TOKEN' }).click();
  await page.getByText('8c1f0a7d').waitFor();
  await page.getByRole('button', { name: 'Add' }).click();
  await page.getByLabel('Name').fill('COLOUR');
  await page.getByRole('textbox', { name: 'Value' }).fill('green');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('COLOUR').waitFor();
  await page.getByRole('button', { name: 'Remove WEB_CONCURRENCY' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  await until(() => !('WEB_CONCURRENCY' in state.config));
  assert.equal(state.config.COLOUR, 'green');
});

test('rolls back after asking', async () => {
  await enter('/apps/hello/releases');
  await page.getByRole('listitem').filter({ hasText: 'v9' }).getByRole('button', { name: 'Roll back' }).click();
  await page.getByRole('button', { name: 'Roll back to v9' }).click();
  await page.getByText('Rolling back: done').waitFor();
  assert.deepEqual(sent('POST', '/apps/hello/releases')[2], { rollback: 9 });
});

test('follows a running build and opens a finished one', async () => {
  await enter('/apps/hello/builds');
  await page.getByRole('log').getByText('Python app detected').waitFor();
  await page.getByText('live', { exact: true }).waitFor();
  await page.getByRole('button', { name: /succeeded/ }).click();
  await page.getByRole('log', { name: 'Log of build 4f1c2aa' }).getByText('Released v12').waitFor();
});

test('destroys an app only when its name was typed', async () => {
  await enter('/apps/landing/settings');
  await page.getByRole('button', { name: 'Destroy app' }).click();
  const confirm = page.getByRole('dialog').getByRole('button', { name: 'Destroy app' });
  assert.equal(await confirm.isDisabled(), true);
  await page.getByRole('dialog').getByRole('textbox').fill('landing');
  await confirm.click();
  await until(() => !state.apps.some((a) => a.name === 'landing'));
});

test('is usable with the keyboard alone', async () => {
  await enter();
  await page.getByRole('link', { name: 'hello', exact: true }).waitFor();
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Skip to content');
  await page.getByRole('button', { name: 'New app' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.tagName), 'INPUT');
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'New app');
});

test('an app shows the databases that it has', async () => {
  await enter('/apps/hello');
  const card = page.getByRole('region', { name: 'Databases' });
  const row = card.getByRole('listitem').filter({ hasText: 'orders' });
  await row.getByText('PostgreSQL 15').waitFor();
  await row.getByText('DATABASE_URL').waitFor();
  await card.getByRole('link', { name: 'sessions' }).click();
  await page.getByRole('heading', { name: 'sessions', level: 1 }).waitFor();
  await page.goto('/apps/landing');
  await page.getByText('None of your databases is attached.').waitFor();
});
