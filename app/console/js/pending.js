/** How many samples of each task wait to be learnt: counted from the list of samples, when something has changed. */

import { get } from "./api.js";
import { accept, onAsk, watch } from "./store.js";

const PAGE = 200;
let running = false;
let again = false;

async function count() {
  const waiting = {};
  let after = null;
  do {
    const page = await get(`/v1/samples?limit=${PAGE}${after === null ? "" : `&after=${after}`}`);
    for (const sample of page.items) if (sample.state === "new") waiting[sample.task] = (waiting[sample.task] ?? 0) + 1;
    after = page.next_after;
  } while (after !== null);
  return waiting;
}

async function recount() {
  again = running;
  if (running) return;
  running = true;
  try {
    accept("pending", await count());
  } catch {
    // The next change counts again; that the service is gone is said elsewhere.
  }
  running = false;
  if (again) recount();
}

/** Count from now on. */
export function startCounting() {
  for (const key of ["samples", "models"]) watch(key, recount);
  watch("updates", (updates) => updates.some((one) => one.outcome) && recount());
  onAsk("changed", recount);
}
