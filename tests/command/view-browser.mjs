// SPDX-License-Identifier: Apache-2.0
//
// Drives the pages that check-view-browser made, as a reader would. Prints TAP. Playwright's core and the browser are given
// in the environment; nothing is fetched.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const { chromium } = createRequire(path.join(process.env.QANAT_MODULES, 'x.js'))('playwright-core');
const pages = JSON.parse(process.env.QANAT_PAGES);
const DEADLINE_MS = 20000;

const browser = await chromium.launch({ executablePath: process.env.QANAT_CHROMIUM, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, offline: true, colorScheme: 'light' });
context.setDefaultTimeout(DEADLINE_MS);

// Opens a page and fails if it complains or asks for anything from elsewhere.
async function open(name) {
  const page = await context.newPage();
  page.faults = [];
  page.on('pageerror', error => page.faults.push(String(error)));
  page.on('console', message => { if (message.type() === 'error') page.faults.push(message.text()); });
  page.on('request', request => { if (!request.url().startsWith('file:')) page.faults.push('asked for ' + request.url()); });
  await page.goto(pathToFileURL(pages[name]).href);
  await page.waitForSelector('#list button');
  return page;
}

const texts = (page, selector) => page.locator(selector).allTextContents();
const colour = (page, selector) => page.locator(selector).first().evaluate(node => getComputedStyle(node).backgroundColor);

const tests = {
  async view_entities_are_coloured_by_type() {
    const page = await open('plain');
    assert.deepEqual(await texts(page, '.text .entity.PERSON'), ['سلمى النجار', 'زمردة']);
    assert.deepEqual(await texts(page, '.text .entity.ORGANIZATION'), ['أمواج']);
    const colours = await Promise.all(['PERSON', 'ORGANIZATION', 'MONEY', 'DATE'].map(type => colour(page, '.text .entity.' + type)));
    assert.equal(new Set(colours).size, 4, 'each type has a colour of its own: ' + colours);
    assert.ok(!colours.includes('rgba(0, 0, 0, 0)'));
    assert.equal(await page.locator('.text .entity.linked').count(), 1);
    return page;
  },

  async view_arabic_reads_from_right_to_left() {
    const page = await open('plain');
    const text = page.locator('.text');
    assert.equal(await text.evaluate(node => getComputedStyle(node).direction), 'rtl');
    const first = await page.locator('.text .entity.ORGANIZATION').boundingBox();
    const next = await page.locator('.text .entity.DATE').first().boundingBox();
    assert.ok(Math.abs(first.y - next.y) > first.height / 2 || first.x > next.x, 'what comes later in a line stands further left');
    await page.locator('#list button').nth(1).click();
    assert.equal(await page.locator('.text').evaluate(node => getComputedStyle(node).direction), 'ltr');
    return page;
  },

  async view_furniture_summary_and_quotes_are_marked() {
    const page = await open('plain');
    assert.deepEqual(await texts(page, '.text .furniture'), ['الرئيسية أخبار رياضة']);
    assert.ok((await texts(page, '.text .summary')).join('').startsWith('افتتحت شركة'));
    assert.ok((await texts(page, '.text .quote')).join('').includes('الرصيف يختصر'));
    assert.ok((await page.locator('blockquote .who').first().textContent()).includes('سلمى النجار'));
    const bodyColour = await page.locator('.text').evaluate(node => getComputedStyle(node).color);
    const greyed = await page.locator('.text .furniture').evaluate(node => [getComputedStyle(node).color, getComputedStyle(node).opacity]);
    assert.ok(greyed[0] !== bodyColour || Number(greyed[1]) < 1, 'furniture is greyed');
    return page;
  },

  async view_tip_shows_link_value_and_date() {
    const page = await open('plain');
    await page.locator('.text .entity.MONEY').first().hover();
    assert.ok((await page.locator('#tip').textContent()).includes('40,000,000'));
    await page.locator('.text .entity.ORGANIZATION').first().hover();
    assert.ok((await page.locator('#tip').textContent()).includes('→ Amwaj'));
    await page.locator('.text .entity.DATE').first().hover();
    assert.ok((await page.locator('#tip').textContent()).includes('resolved: 2026-03-08'));
    return page;
  },

  async view_search_finds_texts_and_links_however_spelled() {
    const page = await open('plain');
    const rows = [['رصيفا', 1], ['الرَّصيف', 1], ['Amwaj', 2], ['amwaj', 2], ['pier-en', 1], ['لا شيء كهذا', 0], ['', 2]];
    for (const [words, n] of rows) {
      await page.fill('#search', words);
      assert.equal(await page.locator('#list button').count(), n, words);
    }
    await page.fill('#search', 'لا شيء كهذا');
    assert.ok((await page.locator('#main').textContent()).includes('No document is like that'));
    return page;
  },

  async view_filters_by_type_source_and_entity() {
    const page = await open('plain');
    await page.selectOption('#type', 'PERSON');
    assert.equal(await page.locator('#list button').count(), 1);
    await page.selectOption('#type', 'MONEY');
    assert.equal(await page.locator('#list button').count(), 2);
    await page.selectOption('#source', 'pier-en.txt');
    assert.equal(await page.locator('#list button').count(), 1);
    assert.ok((await page.locator('#count').textContent()).startsWith('1 of 2'));
    await page.selectOption('#source', '');
    await page.selectOption('#type', '');
    await page.locator('.text .entity.ORGANIZATION').first().click();
    assert.ok((await page.locator('#only').textContent()).includes('Amwaj'));
    assert.equal(await page.locator('#list button').count(), 2);
    await page.locator('#only').click();
    assert.ok(await page.locator('#only').isHidden());
    return page;
  },

  async view_table_counts_the_collection() {
    const page = await open('plain');
    await page.click('#to-names');
    const rows = await page.locator('#names tbody tr').evaluateAll(list => list.map(row => [...row.cells].map(cell => cell.innerText.trim())));
    const amwaj = rows.find(row => row[0].startsWith('Amwaj'));
    assert.deepEqual(amwaj.slice(1, 4), ['organization', '2', '2']);
    assert.ok(amwaj[0].includes('أمواج'), 'other spellings stand below the link');
    const widths = await page.locator('#names .bar').evaluateAll(list => list.map(bar => bar.getBoundingClientRect().width));
    assert.ok(widths.every(width => width > 0) && widths[0] === Math.max(...widths), 'bars are as long as the counts: ' + widths);
    await page.fill('#search', 'سلمى');
    assert.equal(await page.locator('#names tbody tr').count(), 1);
    await page.locator('#names tbody button').first().click();
    assert.equal(await page.locator('#list button').count(), 1);
    assert.equal(await page.locator('.text .entity.hit').textContent(), 'سلمى النجار');
    return page;
  },

  async view_gold_marks_misses_and_false_finds() {
    const page = await open('gold');
    assert.deepEqual(await texts(page, '.text .miss'), ['وهران']);
    assert.deepEqual(await texts(page, '.text .entity.false'), ['الانتظار']);
    assert.deepEqual(await texts(page, '.text .entity.wrong'), ['زمردة']);
    const warning = await page.locator('article .warn').first().textContent();
    assert.ok(warning.includes('4 right') && warning.includes('1 missed') && warning.includes('1 false') && warning.includes('1 of another type'), warning);
    assert.ok((await page.locator('#list button').first().textContent()).includes('3 differences'));
    await page.locator('.text .miss').hover();
    assert.ok((await page.locator('#tip').textContent()).includes('missed: LOCATION'));
    await page.screenshot({ path: path.join(process.env.QANAT_ARTEFACTS, 'view-gold.png'), fullPage: true });
    return page;
  },

  async view_samples_are_drawn_one_by_one() {
    const page = await open('samples');
    const n = await page.locator('#list button').count();
    assert.ok(n >= 10, String(n));
    for (let i = 0; i < n; i++) {
      await page.locator('#list button').nth(i).click();
      assert.ok((await page.locator('.text').textContent()).trim().length > 0);
    }
    await page.locator('#list button').first().click();
    await page.screenshot({ path: path.join(process.env.QANAT_ARTEFACTS, 'view.png') });
    await page.click('#to-names');
    await page.screenshot({ path: path.join(process.env.QANAT_ARTEFACTS, 'view-names.png') });
    return page;
  },

  async view_narrow_window_stays_usable() {
    const page = await open('plain');
    await page.setViewportSize({ width: 420, height: 800 });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth + 1);
    assert.ok(!wide, 'nothing sticks out sideways');
    assert.ok(await page.locator('#search').isVisible());
    return page;
  },
};

console.log('1..' + Object.keys(tests).length);
let failed = 0;
for (const [i, [name, test]] of Object.entries(tests).entries()) {
  try {
    const page = await test();
    assert.deepEqual(page.faults, []);
    await page.close();
    console.log('ok ' + (i + 1) + ' - ' + name);
  } catch (error) {
    failed++;
    console.log('not ok ' + (i + 1) + ' - ' + name + '\n' + String(error.stack).split('\n').map(line => '# ' + line).join('\n'));
  }
}
await browser.close();
process.exit(failed ? 1 : 0);
