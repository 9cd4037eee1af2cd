/** What the browser keeps for the page. Where it keeps nothing, the page itself does until it is left. */

const held = new Map();

/** What was kept, or null. `area` is "localStorage" or "sessionStorage". */
export function recall(area, key) {
  try {
    return window[area].getItem(key);
  } catch {
    return held.get(key) ?? null;
  }
}

export function keep(area, key, value) {
  held.set(key, value);
  try {
    window[area].setItem(key, value);
  } catch {
    // Storage is blocked or full.
  }
}
