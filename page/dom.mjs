/**
 * Elements, and how a tree that is shown becomes the one that should be. Every text comes in as a text
 * node or an attribute that cannot be code, so nothing in a report can be markup: there is no other way
 * from a string to the page.
 *
 * Each change of the report is drawn anew, off the page, and what is on the page is changed only where it
 * is different: what is unfolded, focused, selected or typed stays.
 */

/** @typedef {string | number | boolean | null | undefined} Value */
/** @typedef {Node | string | null | undefined | false} Child */
/** @typedef {(Child | Child[])[]} Children */

/** Attributes from which a string could run or load anything; no view sets one. */
const FORBIDDEN = /^(?:on|src|action|formaction|srcdoc|style$)/i;
/** Controls of terminals, and marks that make text read in another order than it stands. */
const INVISIBLE = /(?![\t\n])[\p{Cc}\p{Bidi_Control}]/gu;

/** What an element shows that is no markup: the points of a chart. @type {WeakMap<Element, unknown>} */
const contents = new WeakMap();

/** @param {string} text */
export function printable(text) {
  return text.replace(INVISIBLE, '·');
}

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, Value>} attributes  `true` for one without a value; none for null and false
 * @param {Children} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (FORBIDDEN.test(name)) throw new Error(`${name} is no attribute for a view`);
    // The only links are those within the page.
    if (name === 'href' && !String(value).startsWith('#'))
      throw new Error('a link leads elsewhere');
    made.setAttribute(name, value === true ? '' : printable(String(value)));
  }
  for (const child of children.flat()) {
    if (child === null || child === undefined || child === false) continue;
    made.append(typeof child === 'string' ? printable(child) : child);
  }
  return made;
}

/**
 * An element that somebody else fills.
 * @param {Element} host
 * @param {unknown} content
 */
export function setContent(host, content) {
  contents.set(host, content);
}

/** @param {Element} host */
export function contentOf(host) {
  return contents.get(host);
}

/** @param {Node} node */
function keyOf(node) {
  return node instanceof Element ? node.getAttribute('data-key') : null;
}

/** @param {Node} there @param {Node} fresh */
function isSame(there, fresh) {
  return there.nodeName === fresh.nodeName && keyOf(there) === keyOf(fresh);
}

/** @param {Element} there @param {Element} fresh */
function takeAttributes(there, fresh) {
  for (const { name } of [...there.attributes]) {
    // What the reader has unfolded or resized is the reader's.
    if (name === 'open' || name === 'style' || fresh.hasAttribute(name)) continue;
    there.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (name === 'open' || name === 'style') continue;
    if (there.getAttribute(name) !== value) there.setAttribute(name, value);
  }
  if (there instanceof HTMLElement && fresh instanceof HTMLElement) {
    // Through the object model: a policy without inline style refuses the attribute.
    const { cssText } = fresh.style;
    if (there.style.cssText !== cssText) there.style.cssText = cssText;
  }
}

/**
 * Makes the children of what is shown those of a fresh tree.
 * @param {Element} there
 * @param {Element} fresh
 */
export function morphChildren(there, fresh) {
  const left = [...there.childNodes];
  /** @type {ChildNode | null} */
  let next = there.firstChild;
  for (const wanted of [...fresh.childNodes]) {
    const index = left.findIndex((node) => isSame(node, wanted));
    const [known] = index === -1 ? [] : left.splice(index, 1);
    if (known === undefined) {
      there.insertBefore(wanted, next);
      continue;
    }
    // A node that is moved loses the focus, so the others are moved around it.
    while (next !== null && next !== known && !left.includes(next)) next = next.nextSibling;
    if (known === next) next = next.nextSibling;
    else if (known.contains(document.activeElement)) {
      for (let before = next; before !== null && before !== known; ) {
        const following = before.nextSibling;
        known.after(before);
        before = following;
      }
      next = known.nextSibling;
    } else there.insertBefore(known, next);
    morph(known, wanted);
  }
  for (const node of left) node.remove();
}

/** @param {Node} there @param {Node} fresh */
function morph(there, fresh) {
  if (there instanceof Element && fresh instanceof Element) {
    takeAttributes(there, fresh);
    if (contents.has(fresh)) contents.set(there, contents.get(fresh));
    else morphChildren(there, fresh);
  } else if (there.nodeValue !== fresh.nodeValue) {
    there.nodeValue = fresh.nodeValue;
  }
}
