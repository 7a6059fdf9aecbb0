'use strict';

/**
 * What `leakguard top` shows of a recording, as lines of text for a screen of any size. Knows neither
 * files nor terminals.
 */

const { styleText } = require('node:util');
const { bytes, count, decimal, duration, printable, sparkline } = require('./units');

/**
 * What the recorder's reader tells, see `docs/recorder.md`.
 * @typedef {object} Subject
 * @property {number} slot
 * @property {string} kind
 * @property {string} what
 * @property {string} owner
 * @property {{ file: string, line: number, function: string } | null} site
 * @property {number} level
 * @property {number} peak
 * @property {boolean} bytes          whether it is counted in bytes
 * @property {number} ratePerMinute
 * @property {Verdict} verdict
 * @property {number} sinceTick
 * @property {number[]} history
 */
/** @typedef {'steady' | 'watching' | 'growing' | 'leak'} Verdict */
/**
 * @typedef {object} Recording
 * @property {number} pid
 * @property {number} threadId
 * @property {string} node
 * @property {string} command
 * @property {number} startedAt
 * @property {number} intervalMs
 * @property {number} tick
 * @property {number} at
 * @property {import('../..').Verdict} verdict
 * @property {{ how: string, code: number | null, at: number } | null} ended
 * @property {{ at: number } | null} nearLimit
 * @property {import('../..').ReportData['meters']} meters
 * @property {[number, number, number | null, number][]} metersHistory
 * @property {number} subjectCount  also of those that are left out
 * @property {Subject[]} subjects
 * @property {{ open: boolean, finding: import('../..').Finding }[]} findings
 */
/** @typedef {keyof typeof SORTS} Sort */
/** @typedef {keyof typeof VERDICT_FILTERS} VerdictFilter */
/**
 * @typedef {object} View
 * @property {Sort} sort
 * @property {VerdictFilter} verdicts
 * @property {string} filter        text that a row must have; '' for all
 * @property {boolean} typing       whether the filter is being typed
 * @property {boolean} paused
 * @property {number} selected      row
 * @property {boolean} details      of the selected row, instead of the table
 */
/** @typedef {{ columns: number, rows: number }} Size */

/** @type {View} */
const FIRST_VIEW = {
  sort: 'verdict',
  verdicts: 'all',
  filter: '',
  typing: false,
  paused: false,
  selected: 0,
  details: false,
};

const RANK = { steady: 0, watching: 1, growing: 2, leak: 3 };
const VERDICT_STYLES = /** @type {const} */ ({
  steady: 'dim',
  watching: 'dim',
  growing: 'yellow',
  leak: 'red',
});

/** @param {Subject} subject */
const growthOf = ({ history, level }) => level - (history[0] ?? level);

/** @type {Record<'growth' | 'rate' | 'level' | 'verdict' | 'name', (a: Subject, b: Subject) => number>} */
const SORTS = {
  growth: (a, b) => growthOf(b) - growthOf(a),
  rate: (a, b) => b.ratePerMinute - a.ratePerMinute,
  level: (a, b) => b.level - a.level,
  verdict: (a, b) => RANK[b.verdict] - RANK[a.verdict] || b.ratePerMinute - a.ratePerMinute,
  name: (a, b) => nameOf(a).localeCompare(nameOf(b)),
};

/** @type {Record<'all' | 'growing' | 'leaks', (subject: Subject) => boolean>} */
const VERDICT_FILTERS = {
  all: () => true,
  growing: ({ verdict }) => RANK[verdict] >= RANK.growing,
  leaks: ({ verdict }) => verdict === 'leak',
};

const SPARK_COLUMNS = 20;
/** Ticks without a sign of life before it is said. */
const LATE_TICKS = 3;
const HELP = {
  table: 'q quit  ↑↓ select  ⏎ details  s sort  f verdicts  / search  space pause',
  details: 'q quit  esc back  ↑↓ next  space pause',
  typing: 'type what a row must have, ⏎ to keep it, esc to drop it',
};

/** @param {Subject} subject */
const nameOf = ({ what, owner }) => printable(owner === '' || owner === what ? what : owner);

/** @param {Subject} subject */
function placeOf({ site }) {
  if (site === null) return '';
  const where = `${printable(site.file)}:${site.line}`;
  return site.function === '' ? where : `${where} ${printable(site.function)}`;
}

/** @param {Subject} subject @param {number} value */
const amount = (subject, value) => (subject.bytes ? bytes(value) : count(value));

/** @param {Subject} subject */
function rateOf(subject) {
  const { ratePerMinute: rate } = subject;
  const sign = rate > 0 ? '+' : '';
  return `${sign}${subject.bytes ? bytes(rate) : decimal(rate)}/min`;
}

/**
 * `from`: how wide a screen has to be for it; what a row is about and its line come before how it went.
 * @type {{ title: string, width: number, right?: true, from?: number, cell: (subject: Subject) => string }[]}
 */
const COLUMNS = [
  { title: 'VERDICT', width: 8, cell: ({ verdict }) => verdict },
  { title: 'LEVEL', width: 10, right: true, cell: (subject) => amount(subject, subject.level) },
  { title: 'RATE', width: 15, right: true, cell: rateOf },
  {
    title: 'TREND',
    width: SPARK_COLUMNS,
    from: 120,
    cell: ({ history }) => sparkline(history, SPARK_COLUMNS),
  },
  { title: 'KIND', width: 11, from: 100, cell: ({ kind }) => kind },
  { title: 'OWNER', width: 24, cell: nameOf },
  { title: 'SITE', width: 0, cell: placeOf },
];

/** What a terminal shows over two cells, and in none. */
const WIDE =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]/u;
const ZERO = /\p{M}/u;
const ASCII = /^[ -~]*$/;

/** @param {string} character */
const cellOf = (character) => (ZERO.test(character) ? 0 : WIDE.test(character) ? 2 : 1);

/**
 * @param {string} text
 * @returns {number} cells of a terminal
 */
function cellsOf(text) {
  if (ASCII.test(text)) return text.length;
  return [...text].reduce((cells, character) => cells + cellOf(character), 0);
}

/**
 * @param {string[]} characters
 * @param {number} width
 * @returns {string} as many of the first as fit
 */
function headOf(characters, width) {
  let cells = 0;
  const end = characters.findIndex((character) => {
    cells += cellOf(character);
    return cells > width;
  });
  return characters.slice(0, end < 0 ? undefined : end).join('');
}

/**
 * @param {string} text
 * @param {number} width
 * @param {boolean} [right]
 */
function fit(text, width, right = false) {
  const cut = cellsOf(text) > width ? `${headOf([...text], width - 1)}…` : text;
  const padding = ' '.repeat(Math.max(0, width - cellsOf(cut)));
  return right ? padding + cut : cut + padding;
}

/**
 * The end of a path says more than its beginning.
 * @param {string} text
 * @param {number} width
 */
function fitEnd(text, width) {
  if (cellsOf(text) <= width) return text;
  const backwards = headOf([...text].reverse(), width - 1);
  return width < 2 ? '' : `…${[...backwards].reverse().join('')}`;
}

/**
 * @param {number} columns  of the screen; 0: as wide as it gets
 * @param {(column: typeof COLUMNS[number]) => string} cellOf
 */
function row(columns, cellOf) {
  const all = COLUMNS.filter(({ from = 0 }) => columns === 0 || columns >= from);
  const last = all.pop();
  const head = all.map((column) => fit(cellOf(column), column.width, column.right)).join(' ');
  const rest = last === undefined ? '' : cellOf(last);
  return `${head} ${columns === 0 ? rest : fitEnd(rest, columns - head.length - 1)}`.trimEnd();
}

/**
 * @param {Recording} recording
 * @param {Pick<View, 'sort' | 'verdicts' | 'filter'>} view
 * @returns {Subject[]} those that are shown, in their order
 */
function shown({ subjects }, { sort, verdicts, filter }) {
  const wanted = filter.toLowerCase();
  const says = (/** @type {Subject} */ subject) =>
    `${subject.kind} ${subject.what} ${subject.owner} ${placeOf(subject)}`.toLowerCase();
  return subjects
    .filter(VERDICT_FILTERS[verdicts])
    .filter((subject) => wanted === '' || says(subject).includes(wanted))
    .sort(SORTS[sort]);
}

/**
 * Whether the process lives, and when it was last heard of.
 * @param {Recording} recording
 * @param {{ alive: boolean, now: number }} present
 */
function stateOf({ ended, at, intervalMs }, { alive, now }) {
  const ago = duration(now - at);
  if (ended !== null) return `ended (${ended.how}${ended.code === null ? '' : ` ${ended.code}`})`;
  if (!alive) return `died, last heard of ${ago} ago`;
  if (now - at <= LATE_TICKS * intervalMs) return `last tick ${ago} ago`;
  return `no tick for ${ago}: its event loop is blocked, or it is stopped`;
}

/**
 * @param {Recording} recording
 * @param {{ alive: boolean, now: number }} present
 * @returns {string[]}
 */
function header(recording, present) {
  const { pid, threadId, command, node, startedAt, at, tick, verdict, meters } = recording;
  const thread = threadId === 0 ? '' : ` thread ${threadId}`;
  const size = (/** @type {number | null} */ value) => (value === null ? '?' : bytes(value));
  const heap = sparkline(
    recording.metersHistory.map(([, used, afterGc]) => afterGc ?? used),
    SPARK_COLUMNS,
  );
  const etas = recording.findings.flatMap(({ open, finding: { etaMs } }) =>
    open && etaMs !== null ? [etaMs] : [],
  );
  const limit =
    etas.length === 0 ? '' : `, full in ${duration(Math.min(...etas) - (present.now - at))}`;
  return [
    `pid ${pid}${thread}  ${printable(command)}`,
    `${verdict}  up ${duration(at - startedAt)}  ${node}  tick ${count(tick)}, ${stateOf(recording, present)}`,
    `heap ${size(meters.heapUsedBytes)} of ${size(meters.heapLimitBytes)}, after GC ${size(meters.heapAfterGcBytes)} ${heap}${limit}`,
    `rss ${size(meters.rssBytes)}  external ${size(meters.externalBytes)}  buffers ${size(meters.arrayBuffersBytes)}`,
  ];
}

/**
 * @param {Recording} recording  with the rows that are wanted, in their order
 * @param {{ alive: boolean, now: number }} present
 * @returns {string} all of it once, for a file or a pipe
 */
function once(recording, present) {
  const { subjects, subjectCount } = recording;
  const lines = [...header(recording, present), '', row(0, ({ title }) => title)];
  for (const subject of subjects) lines.push(row(0, ({ cell }) => cell(subject)));
  const hidden = subjectCount - subjects.length;
  if (subjects.length === 0) lines.push('nothing is large enough to be watched');
  if (hidden > 0) lines.push(`… and ${count(hidden)} more (--limit)`);
  return `${lines.join('\n')}\n`;
}

/**
 * @param {Recording} recording
 * @param {Subject} subject
 * @returns {string[]}
 */
function details(recording, subject) {
  const { findings, tick, intervalMs } = recording;
  const { kind, what, owner, verdict, level, peak, history, sinceTick } = subject;
  const finding = findings.find(
    ({ open, finding }) => open && finding.kind === kind && finding.owner === owner,
  )?.finding;
  const lines = [
    `${verdict}: ${nameOf(subject)}`,
    '',
    `kind     ${kind} (${printable(what)})`,
    `level    ${amount(subject, level)}, at most ${amount(subject, peak)}`,
    `rate     ${rateOf(subject)}`,
    `since    ${duration((tick - sinceTick) * intervalMs)}`,
    `trend    ${sparkline(history, SPARK_COLUMNS)}`,
    `site     ${placeOf(subject) || 'not known'}`,
  ];
  if (finding !== undefined) {
    lines.push('', ...finding.evidence.map(({ signal, detail }) => `${signal}: ${detail}`));
    lines.push('', finding.advice);
  }
  return lines.map(printable);
}

/**
 * @param {Recording} recording
 * @param {View} view
 * @param {{ alive: boolean, now: number }} present
 * @param {Size} size
 * @returns {string[]} as many lines as the screen has, none longer than it is wide, styled
 */
function screen(recording, view, present, { columns, rows }) {
  const subjects = shown(recording, view);
  const selected = Math.min(view.selected, subjects.length - 1);
  const [title, ...meters] = header(recording, present).map((line) => fit(line, columns));
  const lines = [styleText('bold', title), ...meters];
  const help = view.typing ? HELP.typing : HELP[view.details ? 'details' : 'table'];
  const room = Math.max(1, rows - lines.length - 3);
  if (view.details && selected >= 0) {
    const text = details(recording, subjects[selected]).flatMap((line) => wrap(line, columns));
    lines.push('', ...text.slice(0, room + 1));
  } else {
    const titles = row(columns - 2, (column) => column.title);
    lines.push('', styleText('underline', fit(`  ${titles}`, columns)));
    const first = Math.max(0, Math.min(selected - room + 1, subjects.length - room));
    for (const [index, subject] of subjects.slice(first, first + room).entries()) {
      const isSelected = first + index === selected;
      const text = fit(
        row(columns - 2, ({ cell }) => cell(subject)),
        columns - 2,
      );
      const style = isSelected ? 'inverse' : VERDICT_STYLES[subject.verdict];
      lines.push(styleText(style, `${isSelected ? '▸' : ' '} ${text}`));
    }
    if (subjects.length === 0) lines.push('nothing to show');
  }
  while (lines.length < rows - 1) lines.push('');
  const state = [
    `sort ${view.sort}`,
    `verdicts ${view.verdicts}`,
    view.typing || view.filter !== ''
      ? `search ${printable(view.filter)}${view.typing ? '▏' : ''}`
      : '',
    view.paused ? 'PAUSED' : '',
  ].filter((part) => part !== '');
  lines.push(styleText('dim', fit(`${help}  ·  ${state.join('  ')}`, columns)));
  return lines.slice(0, rows);
}

/**
 * @param {string} line
 * @param {number} columns
 * @returns {string[]} broken between words
 */
function wrap(line, columns) {
  /** @type {string[]} */
  const lines = [];
  let open = '';
  for (const word of line.split(' ')) {
    if (open !== '' && cellsOf(open) + 1 + cellsOf(word) > columns) {
      lines.push(open);
      open = word;
    } else {
      open = open === '' ? word : `${open} ${word}`;
    }
  }
  return [...lines, open].map((each) => fit(each, Math.min(columns, cellsOf(each))));
}

exports.FIRST_VIEW = FIRST_VIEW;
exports.SORTS = /** @type {Sort[]} */ (Object.keys(SORTS));
exports.VERDICT_FILTERS = /** @type {VerdictFilter[]} */ (Object.keys(VERDICT_FILTERS));
exports.once = once;
exports.screen = screen;
exports.shown = shown;
