// A browser, the built dashboard and the scripted API for the tests of one file. GASPER_DASHBOARD names the built files;
// without it they are built first.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, afterEach, before, beforeEach } from 'node:test';
import { fileURLToPath } from 'node:url';
import { launch } from './browser.mjs';
import { sampleState, scriptedApi } from './scripted_api.mjs';

const here = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/** Before each test `take` gets a page that nobody is logged in on, and the state of its API. */
export function stage(take) {
  let dist = process.env.GASPER_DASHBOARD;
  let scratch, browser, api, state, context, complaints;

  before(async () => {
    if (!dist) {
      dist = scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'gasper-dashboard-'));
      execFileSync(process.execPath, [path.join(here, 'node_modules/vite/bin/vite.js'), 'build', '--outDir', dist, '--emptyOutDir'], { cwd: here });
    }
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    if (scratch) fs.rmSync(scratch, { recursive: true });
  });

  beforeEach(async () => {
    state = sampleState();
    api = await scriptedApi(path.resolve(dist), state);
    context = await browser.newContext({ baseURL: api.url });
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    complaints = [];
    page.on('pageerror', (e) => complaints.push(e.message));
    page.on('console', (m) => m.type() === 'error' && !/status of 4\d\d/.test(m.text()) && complaints.push(m.text()));
    page.on('request', (r) => r.url().startsWith(api.url) || r.url().startsWith(`blob:${api.url}`) || complaints.push(`a request elsewhere: ${r.url()}`));
    take(page, state);
  });
  afterEach(async () => {
    await context.close();
    api.close();
    assert.deepEqual(complaints, []);
  });

  return {
    async enter(at = '/apps') {
      state.session = 'abc';
      await context.addCookies([{ name: 'gasper_session', value: 'abc', url: api.url, httpOnly: true }]);
      await context.pages()[0].goto(at);
    },
    sent: (method, at) => state.requests.find(([m, p]) => m === method && p === at),
    async until(holds) {
      const end = Date.now() + 10_000;
      while (!holds()) {
        assert.ok(Date.now() < end, 'it did not happen in time');
        await new Promise((again) => setTimeout(again, 20));
      }
    },
  };
}
