// SPDX-License-Identifier: Apache-2.0
//
// Drives the worker's page as an operator would, while a worker runs. Prints TAP. Playwright's core and the browser are given in
// the environment; nothing but the worker is asked.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import path from 'node:path';

const { chromium } = createRequire(path.join(process.env.QANAT_MODULES, 'x.js'))('playwright-core');
const worker = process.env.QANAT_WORKER;
const DEADLINE_MS = 20000;

const browser = await chromium.launch({ executablePath: process.env.QANAT_CHROMIUM, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
const context = await browser.newContext({ viewport: { width: 1400, height: 1100 }, colorScheme: 'light' });
context.setDefaultTimeout(DEADLINE_MS);
const page = await context.newPage();
const faults = [];
page.on('pageerror', error => faults.push(String(error)));
page.on('console', message => { if (message.type() === 'error' && !/status of 422/.test(message.text())) faults.push(message.text()); });
page.on('request', request => { if (!request.url().startsWith(worker)) faults.push('asked for ' + request.url()); });

const text = selector => page.locator(selector).first().textContent();
const until = (what, condition) => page.waitForFunction(condition).catch(() => assert.fail('not seen: ' + what));

const tests = {
  async dashboard_shows_the_pipeline_alive() {
    await page.goto(worker + '/');
    await until('a ready worker', () => document.getElementById('state').textContent === 'ready');
    const names = await page.locator('.stage .name').allTextContents();
    assert.deepEqual(names, ['http', 'decode', 'declutter', 'normalize', 'sentences', 'tokenize', 'entities', 'gate (lua)', 'jsonl']);
    await until('a rate', () => [...document.querySelectorAll('.stage.busy')].length > 3);
    await until('a quantile', () => /p50 [0-9]/.test(document.querySelector('.stage.transform').textContent));
    assert.equal(await page.locator('#graph path').count(), 8);
  },
  async dashboard_tries_a_document_right_to_left() {
    await page.fill('#try-text', 'افتتحت شركة أرامكو مصنعا في الرياض يوم الأحد بكلفة 40 مليون دولار.');
    await page.click('#try');
    await page.waitForSelector('#try-view .entity');
    assert.equal(await page.getAttribute('#try-view', 'dir'), 'rtl');
    assert.equal((await page.locator('#try-view .LOCATION').allTextContents()).join(), 'الرياض');
    assert.ok((await page.locator('#try-view .MONEY').count()) === 1);
    assert.match(await page.locator('#try-view .LOCATION').first().getAttribute('title'), /Riyadh/);
    const colours = await Promise.all(['LOCATION', 'MONEY'].map(type => page.locator('#try-view .' + type).first().evaluate(node => getComputedStyle(node).backgroundColor)));
    assert.notEqual(colours[0], colours[1]);
    if (process.env.QANAT_PICTURE) await page.screenshot({ path: process.env.QANAT_PICTURE, fullPage: true });
  },
  async dashboard_tells_why_a_tried_document_fails() {
    await page.fill('#try-text', 'this one is bad');
    await page.click('#try');
    await until('the reason', () => /a bad word/.test(document.getElementById('try-said').textContent));
  },
  async dashboard_shows_trouble_and_sends_a_dead_letter_back() {
    await until('the failure', () => /a bad word/.test(document.getElementById('troubles').textContent));
    await page.waitForSelector('#letters input');
    assert.match(await text('#letters'), /gate: no-good/);
    await page.click('#choose-all');
    await page.click('#retry');
    await until('an answer', () => /are on their way again/.test(document.getElementById('letters-said').textContent));
  },
  async dashboard_tells_why_a_reload_is_refused() {
    await page.evaluate(() => fetch('/-/status')); // the page may ask its worker
    await page.click('#reload');
    await until('that it was reloaded', () => document.getElementById('said').textContent === 'reloaded');
    await until('another generation', () => /generation 2/.test(document.getElementById('title').textContent));
  },
  async dashboard_fits_a_telephone_and_the_dark() {
    await page.setViewportSize({ width: 390, height: 800 });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(wide <= 390, 'as wide as ' + wide);
    await page.emulateMedia({ colorScheme: 'dark' });
    assert.notEqual(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), 'rgb(243, 244, 246)');
  },
  async dashboard_asks_nobody_else_and_complains_of_nothing() {
    assert.deepEqual(faults, []);
  },
};

console.log('1..' + Object.keys(tests).length);
let number = 0, failed = 0;
for (const [name, run] of Object.entries(tests)) {
  number++;
  try {
    await run();
    console.log(`ok ${number} - ${name}`);
  } catch (error) {
    failed++;
    console.log(`not ok ${number} - ${name}\n# ${String(error.stack || error).replaceAll('\n', '\n# ')}`);
  }
}
await browser.close();
process.exit(failed ? 1 : 0);
