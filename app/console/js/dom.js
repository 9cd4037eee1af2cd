/**
 * Building and changing the page. Text goes in as text nodes alone, so nothing that a user or a model wrote is ever
 * read as markup. A `Lazy` child or attribute is worked out anew when the language changes.
 */

export class Lazy {
  /** @param {() => string} read */
  constructor(read) {
    this.read = read;
  }

  toString() {
    return String(this.read());
  }
}

export const lazy = (read) => new Lazy(read);

const texts = new WeakMap();
const attributes = new WeakMap();
const PROPERTIES = new Set(["value", "checked", "disabled", "hidden", "selected", "open", "max", "min", "step"]);

function node(child) {
  if (child instanceof Node) return child;
  const text = document.createTextNode(String(child));
  if (child instanceof Lazy) texts.set(text, child);
  return text;
}

/** Add children: nodes, strings, `Lazy`s, lists of these; what is null or false is left out. */
export function add(parent, ...children) {
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false) parent.append(node(child));
  }
  return parent;
}

/** Set an attribute, which follows the language where it is a `Lazy`. */
export function attribute(element, name, value) {
  if (value instanceof Lazy) {
    if (!attributes.has(element)) attributes.set(element, new Map());
    attributes.get(element).set(name, value);
  } else {
    attributes.get(element)?.delete(name);
  }
  if (value === null || value === undefined || value === false) element.removeAttribute(name);
  else element.setAttribute(name, value === true ? "" : String(value));
}

/**
 * An element. Properties: `class`, `on` (listeners by name), `data` (a dataset), DOM properties such as `value`, and
 * attributes.
 */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  add(element, ...children);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "on") for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    else if (name === "data") for (const [key, item] of Object.entries(value)) element.dataset[key] = item;
    else if (name === "class") element.className = value || "";
    else if (PROPERTIES.has(name)) element[name] = value;
    else attribute(element, name, value);
  }
  return element;
}

const keyed = (parent, key) => parent.querySelector(`[data-key="${CSS.escape(key)}"]`);

/**
 * Put children in place of those that are there. What has the same `data-key` as before keeps the focus, and is open
 * or closed as it was; where what had the focus is gone, the nearest part with a name has it.
 */
export function swap(parent, ...children) {
  const focused = parent !== document.activeElement && parent.contains(document.activeElement) ? document.activeElement : null;
  const folds = [...parent.querySelectorAll("details[data-key]")].map((one) => [one.dataset.key, one.open]);
  parent.replaceChildren();
  add(parent, ...children);
  for (const [key, open] of folds) {
    const same = keyed(parent, key);
    if (same) same.open = open;
  }
  if (focused) refocus(parent, focused);
  return parent;
}

function refocus(parent, gone) {
  const key = gone.dataset.key;
  const same = gone.isConnected ? gone : key && keyed(parent, key);
  if (same) same.focus({ preventScroll: true });
  const named = parent.closest("[aria-labelledby], [aria-label]");
  if (named) catchFocus(named);
}

/** Put the focus here if what had it has gone, so that the keyboard does not begin anew at the top of the page. */
export function catchFocus(element) {
  if (document.activeElement !== document.body && !document.activeElement?.disabled) return;
  if (!element.hasAttribute("tabindex")) element.tabIndex = -1;
  element.focus({ preventScroll: true });
}

/** Scroll as little as shows all of an element, or its beginning where it is too tall. */
export const intoView = (element) => element.scrollIntoView({ block: "nearest" });

/** Work out every `Lazy` below `root` anew. */
export function retranslate(root) {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
  for (let at = walker.currentNode; at; at = walker.nextNode()) {
    if (texts.has(at)) at.data = String(texts.get(at));
    for (const [name, value] of attributes.get(at) ?? []) at.setAttribute(name, String(value));
  }
}

let count = 0;

/** An id that nothing else on the page has. */
export function uniqueId(stem) {
  count += 1;
  return `${stem}-${count}`;
}
