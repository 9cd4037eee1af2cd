/** Reading for a panel: nothing is said of what was not read, and what could not be read is said. */

import { get } from "../api.js";
import { problemSlot } from "../problems.js";
import { EVERY } from "../store.js";

const PATIENCE = 20_000; // Milliseconds; whoever takes longer does not answer.
const LARGEST = 200;

/** The page has a banner or a dialog for these. */
const said = (error) => error.code === "unreachable" || error.status === 401;

/**
 * `read(signal)` takes a reading and shows it, unless the signal was aborted; `failed()` takes back what is no longer
 * sure. One at a time, in order.
 * @returns `load`, which reads once more; `anew`, which first drops what is being read; and a slot for the problem.
 */
export function reader(read, failed = () => {}) {
  const problems = problemSlot();
  let running = null;
  let wanted = false;
  let shown = "";
  let under;

  async function once() {
    const mine = (under = new AbortController());
    const { signal } = mine;
    const limit = setTimeout(() => mine.abort(new DOMException("It takes too long", "TimeoutError")), PATIENCE);
    try {
      await read(signal);
      problems.clear();
      shown = "";
    } catch (error) {
      if (signal.aborted && signal.reason.name === "AbortError") return;
      failed();
      const key = said(error) ? "" : `${error.code} ${error.status} ${error.message}`;
      if (key === "") problems.clear();
      else if (key !== shown) problems.show(error); // The same again would be read out again.
      shown = key;
    } finally {
      clearTimeout(limit);
    }
  }

  async function round() {
    while (wanted) {
      wanted = false;
      await once();
    }
    running = null;
  }

  function load() {
    wanted = true;
    running ??= round();
    return running;
  }

  function anew() {
    under?.abort();
    return load();
  }
  return { load, anew, slot: problems.slot };
}

/** Read as long as an element is in sight, at once when it comes into it. */
export function whileSeen(element, load) {
  let timer = 0;
  let seen = false;

  async function round() {
    clearTimeout(timer);
    if (!seen || document.hidden) return;
    await load();
    clearTimeout(timer);
    if (seen) timer = setTimeout(round, EVERY);
  }
  new IntersectionObserver((entries) => {
    seen = entries.at(-1).isIntersecting;
    round();
  }).observe(element);
  document.addEventListener("visibilitychange", round);
  return element;
}

/** The first `count` entries of a list, over as many pages as they take. `path` ends where parameters are added. */
export async function first(count, path, signal) {
  const items = [];
  let page = { next_after: null };
  do {
    const after = page.next_after === null ? "" : `&after=${page.next_after}`;
    page = await get(`${path}limit=${Math.min(count - items.length, LARGEST)}${after}`, { signal });
    signal.throwIfAborted();
    items.push(...page.items);
  } while (items.length < count && page.next_after !== null);
  return { items, total: page.total, further: page.next_after !== null };
}
