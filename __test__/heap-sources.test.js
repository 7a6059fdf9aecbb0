'use strict';

/** `leakguard heap`: snapshots that are not of Node.js, as people ask about them. */

const assert = require('node:assert/strict');
const { before, test } = require('node:test');
const { launchChromium, noChromium } = require('./browser/chromium');
const { linesOf, onReferenceOnly, runCli } = require('./child');
const { takeOfDeno, takeOfPage } = require('./snapshots');

const SETTINGS = { skip: onReferenceOnly || noChromium };
const ROWS = 1000;

/** Of a page that has taken its rows out of the document. @type {string} */
let snapshot;

before(async (t) => {
  if (SETTINGS.skip) return;
  const context = /** @type {import('node:test').TestContext} */ (t);
  snapshot = await takeOfPage(context, 'holds-detached.html');
});

/** @param {string[]} args  the question, and what else there is to it */
async function ask([question, ...rest]) {
  const { code, stdout, stderr } = await runCli(['heap', question, snapshot, ...rest]);
  assert.deepEqual([code, stderr], [0, '']);
  return stdout;
}

test('Chromium: elements that are in no document are a class by their tag', SETTINGS, async () => {
  const { detached, classes } = JSON.parse(await ask(['summary', '--json', '--limit', '1000']));
  // A row, what is in it, and its text, to which no script ever referred.
  assert.ok(detached.count >= 3 * ROWS, `${detached.count}`);
  const named = (/** @type {string} */ name) =>
    classes.find((/** @type {any} */ { name: other }) => other === name);
  const rows = named('Detached <section>');
  assert.equal(rows.count, ROWS);
  assert.ok(rows.retainedBytes > 2 * rows.shallowBytes, JSON.stringify(rows));
  const counts = ['Detached <span>', 'Detached Text', '<main>'].map((name) => named(name).count);
  assert.deepEqual(counts, [ROWS, ROWS, 1]);
  const text = await ask(['summary']);
  assert.match(text, /^[\d,]+ nodes of the DOM, with what hangs on them, in no document: .* KiB$/m);
  assert.match(text, /^ .* 1,000 {2}Detached <section>$/m);
});

test('Chromium: the array that holds them is the suspect', SETTINGS, async () => {
  const { suspects } = JSON.parse(await ask(['suspects', '--json']));
  assert.equal(suspects[0].path.at(-1).by, 'variable rowsOnceShown');
  const [{ class: name, count }] = suspects[0].held;
  assert.deepEqual([name, count], ['Detached <section>', ROWS]);
});

test('Chromium: the way to an element has its attributes', SETTINGS, async () => {
  const way = ['path', '--class', 'Detached <section>', '--limit', '1'];
  const lines = linesOf(await ask(way)).map((line) => line.replace(/^ +[\d.]+ \w+ +/, ''));
  assert.equal(lines[0], '1 of 1,000 such things');
  // Where a way begins differs between versions of Chromium.
  const [holder, held] = lines.slice(-2);
  assert.equal(holder, 'variable rowsOnceShown Array');
  assert.match(held, /^~> \[\d+\] Detached <section> id="row-\d+" class="row wide"$/);
  assert.doesNotMatch(await ask([...way, '--redact']), /row-/);
});

test('Chromium: a value of a WeakMap is there because of its key', SETTINGS, async () => {
  const { count, targets } = JSON.parse(
    await ask(['path', '--class', 'Note', '--limit', '1', '--json']),
  );
  assert.equal(count, ROWS);
  const [row, note] = targets[0].path.slice(-2);
  assert.equal(row.class, 'Detached <section>');
  assert.match(note.by, /^\{pair in WeakMap \(table @\d+\)\}$/);
});

test('Chromium: what a page asks of the network is refused and told', SETTINGS, async (t) => {
  const { page, refused } = await launchChromium(t);
  await page.goto('data:text/html,<img src="http://a.invalid/"><img src="http://127.0.0.1:1/">');
  await page.goto('http://b.invalid/').catch(() => {});
  assert.deepEqual(refused, ['http://a.invalid/', 'http://b.invalid/']);
});

test('Deno: a way begins at a global', { skip: onReferenceOnly }, async (t) => {
  const file = await takeOfDeno(t);
  const args = ['heap', 'path', file, '--class', 'Session', '--limit', '1', '--json'];
  const { path } = JSON.parse((await runCli(args)).stdout).targets[0];
  const called = path.map((/** @type {any} */ step) => `${step.by} ${step.class}`.trim());
  assert.deepEqual(called.slice(0, 2), ['(GC roots)', '[10] (Global handles)']);
  assert.match(called[2], /^Window/);
  assert.equal(called[3], '.held Object');
});
