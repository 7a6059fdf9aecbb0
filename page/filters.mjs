/**
 * Which findings are shown. The form itself is what is remembered: nothing else knows what was chosen.
 */

import { element } from './dom.mjs';
import { plural } from './numbers.mjs';
import { SEVERITIES } from './words.mjs';

/** @typedef {import('./report.mjs').Finding} Finding */
/** @typedef {{ severities: Set<string>, kind: string, words: string[] }} Chosen */

const FORM = 'filters';

/** @returns {Chosen} */
export function chosen() {
  const form = document.getElementById(FORM);
  if (!(form instanceof HTMLFormElement)) {
    return { severities: new Set(SEVERITIES), kind: '', words: [] };
  }
  const data = new FormData(form);
  const words = String(data.get('words') ?? '').toLowerCase();
  const unknown = SEVERITIES.filter(
    (severity) => form.querySelector(`[name="severity"][value="${severity}"]`) === null,
  );
  return {
    // What has no box yet cannot have been unchecked.
    severities: new Set([...data.getAll('severity').map(String), ...unknown]),
    kind: String(data.get('kind') ?? ''),
    words: words.split(/\s+/).filter((word) => word !== ''),
  };
}

/** @param {Finding} finding */
function textIn({ signature, kind, what, owner, title, site, sites, marks, evidence, advice }) {
  const frames = [site, site?.app, ...sites, ...sites.map(({ app }) => app)];
  const places = frames.map((frame) =>
    frame ? `${frame.file}:${frame.line} ${frame.function}` : '',
  );
  const packages = sites.map((one) => one.package ?? '');
  const labels = (marks ?? []).map(({ label }) => label);
  const details = evidence.map(({ detail }) => detail);
  return [
    signature,
    kind,
    what,
    owner,
    title,
    advice,
    ...places,
    ...packages,
    ...labels,
    ...details,
  ]
    .join('\n')
    .toLowerCase();
}

/** @param {Finding} finding @param {Chosen} filters */
export function matches(finding, { severities, kind, words }) {
  if (!severities.has(finding.severity) || (kind !== '' && kind !== finding.kind)) return false;
  if (words.length === 0) return true;
  const text = textIn(finding);
  return words.every((word) => text.includes(word));
}

export function clearFilters() {
  const form = document.getElementById(FORM);
  if (form instanceof HTMLFormElement) form.reset();
}

/**
 * @param {Finding[]} findings
 * @param {number} shown  how many of them
 */
export function filtersView(findings, shown) {
  const boxes = SEVERITIES.map((severity) => {
    const number = findings.filter((finding) => finding.severity === severity).length;
    if (number === 0) return null;
    return element(
      'label',
      { class: 'box', 'data-key': severity },
      element('input', { type: 'checkbox', name: 'severity', value: severity, checked: true }),
      ` ${severity} (${number})`,
    );
  });
  const kinds = [...new Set(findings.map(({ kind }) => kind))].sort();
  const options = kinds.map((kind) => element('option', { value: kind, 'data-key': kind }, kind));
  return element(
    'form',
    { id: FORM, class: 'filters', role: 'search', 'aria-label': 'Filter the findings' },
    element('fieldset', {}, element('legend', {}, 'Severity'), boxes),
    element(
      'label',
      {},
      'Kind',
      element('select', { name: 'kind' }, element('option', { value: '' }, 'all'), options),
    ),
    element(
      'label',
      { class: 'words' },
      'Search',
      element('input', {
        type: 'search',
        name: 'words',
        placeholder: 'file, function, owner, package …',
        autocomplete: 'off',
        spellcheck: 'false',
      }),
    ),
    element('button', { type: 'button', class: 'quiet', 'data-action': 'clear' }, 'Clear'),
    element(
      'output',
      {},
      shown === findings.length
        ? `All ${plural(shown, 'finding')}`
        : `${shown} of ${plural(findings.length, 'finding')}`,
    ),
  );
}
