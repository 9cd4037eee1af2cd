/** Lists that are read again and again: a row stays the same element as long as it says the same. */

/** What was opened in a row stays open in the one that replaces it, and the focus stays on what has the same `data-key`. */
function take(old, fresh) {
  const open = [...old.querySelectorAll("details")].map((one) => one.open);
  fresh.querySelectorAll("details").forEach((one, index) => {
    one.open = open[index] ?? false;
  });
  const key = old.contains(document.activeElement) && document.activeElement.dataset.key;
  old.replaceWith(fresh);
  if (key) fresh.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
}

/** @returns a function that lets `list` show these items: `keyOf` names one, `row` makes its element. */
export function rows(list, keyOf, row) {
  let shown = new Map();
  return (items) => {
    const next = new Map();
    for (const item of items) {
      const said = JSON.stringify(item);
      const old = shown.get(keyOf(item));
      const element = old?.said === said ? old.element : row(item);
      if (old && old.element !== element) take(old.element, element);
      next.set(keyOf(item), { said, element });
    }
    for (const [key, { element }] of shown) if (!next.has(key)) element.remove();
    let at = list.firstElementChild;
    for (const { element } of next.values()) {
      if (element === at) at = at.nextElementSibling;
      else list.insertBefore(element, at);
    }
    shown = next;
  };
}

/** Hide what may have the focus; it goes to `heir` then, not to the beginning of the page. */
export function hide(element, hidden, heir) {
  const had = document.activeElement === element;
  element.hidden = hidden;
  if (had && hidden) focusOn(heir);
}

export function focusOn(element) {
  if (!element.matches("button, input, select, summary")) element.tabIndex = -1;
  element.focus({ preventScroll: true });
}
