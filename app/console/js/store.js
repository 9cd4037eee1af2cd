/** What the service says, shared by the panels: read again while the tab is visible, told only when it has changed. */

import { get, onApi } from "./api.js";

export const EVERY = 2500; // milliseconds from one reading to the next
const PATIENCE = 8000; // Milliseconds for a small read; whoever takes longer does not answer.
const PAGE = 200;
const REPLACING = new Set(["import", "erase"]);

const read = (path) => get(path, { signal: AbortSignal.timeout(PATIENCE) });

// The consent first: the phone shows nothing before it.
const READS = {
  consent: () => read("/v1/consent"),
  device: () => read("/v1/device"),
  ready: () => read("/readyz"),
  models: async () => (await read("/v1/models")).models,
  trail: readTrail,
  updates: async () => (await read("/v1/updates?limit=20")).items,
  schedule: () => read("/v1/schedule"),
  samples: async () => (await read("/v1/samples?limit=1")).total,
};

const values = new Map();
const written = new Map();
const watchers = new Map();
const actions = new EventTarget();
let timer = 0;
let replacements = 0;

/** What was read last; undefined before. */
export const value = (key) => values.get(key)?.value;

/** Call `listener` with the value now, if there is one, and whenever it changes. */
export function watch(key, listener) {
  if (!watchers.has(key)) watchers.set(key, new Set());
  watchers.get(key).add(listener);
  if (values.has(key)) listener(value(key));
}

function take(key, found) {
  const held = values.get(key);
  if (held?.json && held.value === found) return;
  const json = JSON.stringify(found);
  if (held?.json === json) return;
  values.set(key, { json, value: found });
  for (const listener of watchers.get(key) ?? []) listener(found);
}

/** Take over what a call of ours answered; a reading that is under way is older, and dropped. */
export function accept(key, found) {
  expect(key);
  take(key, found);
}

/** A call of ours is about to change this: what is being read meanwhile is dropped. */
export const expect = (key) => written.set(key, (written.get(key) ?? 0) + 1);

const sameEntry = (one, other) => ["id", "at", "action"].every((field) => one?.[field] === other[field]);

/**
 * How the audit trail ends: its last entry, if there is any. The trail only grows; where that entry is another now, or
 * all was imported or erased since, what the device holds was replaced, and the answer is null.
 */
async function readTrail() {
  const known = value("trail");
  const from = known?.last;
  const found = [];
  let after = from ? from.id - 1 : 0;
  while (after !== null) {
    const page = await read(`/v1/audit?limit=${PAGE}&after=${after}`);
    found.push(...page.items);
    after = page.next_after;
  }
  const last = found.at(-1) ?? null;
  if (from && !sameEntry(found.shift(), from)) return null;
  return known && found.some((entry) => REPLACING.has(entry.action)) ? null : { last };
}

async function refreshOne(key) {
  expect(key);
  const before = written.get(key);
  const found = await READS[key]().catch(() => undefined);
  if (found === undefined || written.get(key) !== before) return;
  if (key !== "trail" || found !== null) take(key, found);
  else if (replacements === 0) await replaced();
}

/** Read some again, or all; an answer that comes after a later one is dropped. Problems are shown by whoever listens to the API, not here. */
export async function refresh(...keys) {
  await Promise.all((keys.length ? keys : Object.keys(READS)).map(refreshOne));
}

/** Another client replaced or destroyed what the device holds. */
async function replaced() {
  ask("erased");
  await refresh();
  ask("changed");
}

/** Run a call of ours that replaces or destroys what the device holds; then the page forgets what it knew, and reads it anew. */
export async function replacing(work) {
  replacements += 1;
  try {
    const answer = await work();
    ask("erased");
    await refresh();
    ask("changed");
    return answer;
  } finally {
    replacements -= 1;
  }
}

async function round() {
  clearTimeout(timer);
  if (document.hidden) return;
  await refresh();
  clearTimeout(timer);
  timer = setTimeout(round, EVERY);
}

/** Begin to read. */
export function start() {
  document.addEventListener("visibilitychange", round);
  onApi("online", (answers) => answers && round());
  return round();
}

/** Ask another part of the page for something: `consent` opens the consent screen, `changed` means that data moved, `erased` that all of it was replaced. */
export const ask = (name, detail) => actions.dispatchEvent(new CustomEvent(name, { detail }));
export const onAsk = (name, listener) => actions.addEventListener(name, (event) => listener(event.detail));

// First of all that listen: what is being read is of before, and everything is told anew even if it is the same.
onAsk("erased", () => {
  for (const key of Object.keys(READS)) {
    expect(key);
    if (values.has(key)) values.get(key).json = null;
  }
  values.delete("trail");
});
