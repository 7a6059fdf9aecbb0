/**
 * What the dashboard adds to the page of a report: it draws each newer one, lets one of several processes
 * be chosen, and asks it for what the page cannot know. Runs in a browser, after the page's own script.
 */
(() => {
  'use strict';

  /** @typedef {{ processes: string[], process?: string, report: object | null }} State */
  /** @typedef {{ show(report: unknown): void }} Page */

  const page = /** @type {{ leakguard: Page }} */ (/** @type {unknown} */ (globalThis)).leakguard;
  const WAITS = 'waiting for a first tick';

  /**
   * @template {keyof HTMLElementTagNameMap} Tag
   * @param {Tag} tag
   * @param {Record<string, string>} [attributes]
   * @param {...(Node | string)} children
   */
  function element(tag, attributes = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  }

  const picker = element('select', { id: 'live-process' });
  const holders = element('button', { type: 'button' }, 'Take snapshot and find holders');
  const mark = element('button', { type: 'button' }, 'Mark');
  const sinceMark = element('button', { type: 'button', disabled: '' }, 'Report since mark');
  const back = element('button', { type: 'button', hidden: '' }, 'Back to live');
  const status = element('p', { role: 'status' }, WAITS);
  const bar = element(
    'section',
    { id: 'live', 'aria-label': 'Live' },
    element('label', { for: 'live-process' }, 'Process'),
    picker,
    holders,
    mark,
    sinceMark,
    back,
    status,
  );
  document.getElementById('page')?.before(bar);

  /** @type {State} */
  let state = { processes: [], report: null };
  /** Whether the page shows what comes in, or the answer to a question. */
  let isLive = true;
  /** @type {EventSource | null} */
  let source = null;

  /** @param {string} text */
  function say(text) {
    if (status.textContent !== text) status.textContent = text;
  }

  function drawPicker() {
    const shown = [...picker.options].map(({ value }) => value).join();
    if (shown !== state.processes.join()) {
      picker.replaceChildren(
        ...state.processes.map((name) => {
          const [pid, thread] = name.split('-');
          const text = thread === '0' ? `pid ${pid}` : `pid ${pid}, thread ${thread}`;
          return element('option', { value: name }, text);
        }),
      );
    }
    if (state.process !== undefined) picker.value = state.process;
  }

  function draw() {
    drawPicker();
    if (!isLive || state.report === null) return;
    page.show(state.report);
    // What a question has brought stays to be read.
    if (status.textContent === WAITS) say('live');
  }

  /** @param {string} process  '': the first */
  function watch(process) {
    source?.close();
    source = new EventSource(`events?process=${encodeURIComponent(process)}`);
    source.onmessage = ({ data }) => {
      state = JSON.parse(data);
      draw();
    };
    source.onopen = () => say(WAITS);
    source.onerror = () => say('the run has ended, or the dashboard cannot be reached');
  }

  /**
   * @param {string} what
   * @param {string} meanwhile
   * @returns {Promise<any>} undefined where it was refused, which is said
   */
  async function ask(what, meanwhile) {
    const buttons = [holders, mark, sinceMark];
    const wasDisabled = buttons.map((button) => button.disabled);
    for (const button of buttons) button.disabled = true;
    say(meanwhile);
    try {
      const process = encodeURIComponent(picker.value);
      const response = await fetch(`ask/${what}?process=${process}`, { method: 'POST' });
      if (response.ok) return await response.json();
      say(await response.text());
    } catch {
      say('the dashboard cannot be reached');
    } finally {
      for (const [index, button] of buttons.entries()) button.disabled = wasDisabled[index];
    }
    return undefined;
  }

  picker.onchange = () => watch(picker.value);
  holders.onclick = async () => {
    const found = await ask('holders', 'taking a snapshot: the process stands still meanwhile');
    if (found === undefined) return;
    say(
      found.length === 0
        ? 'nothing that leaks is held by one object'
        : `found for ${found.length}: see the evidence, after the next tick`,
    );
  };
  mark.onclick = async () => {
    const set = await ask('mark', 'setting a mark');
    if (set === undefined) return;
    sinceMark.disabled = false;
    say(`mark set at ${new Date(set.at).toLocaleTimeString()}`);
  };
  sinceMark.onclick = async () => {
    const report = await ask('report', 'waiting for what is about to go');
    if (report === undefined) return;
    isLive = false;
    back.hidden = false;
    page.show(report);
    say('what was registered since the mark and is still there');
  };
  back.onclick = () => {
    isLive = true;
    back.hidden = true;
    draw();
  };
  watch('');
})();
