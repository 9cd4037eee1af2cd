/** What the service says, shared by the panels: read again while the tab is visible, told only when it has changed. */

import { get, onApi } from "./api.js";

const EVERY = 2500;
const READS = {
  models: async () => (await get("/v1/models")).models,
  updates: async () => (await get("/v1/updates?limit=20")).items,
  device: () => get("/v1/device"),
  schedule: () => get("/v1/schedule"),
  consent: () => get("/v1/consent"),
  ready: () => get("/readyz"),
  samples: async () => (await get("/v1/samples?limit=1")).total,
};

const values = new Map();
const written = new Map();
const watchers = new Map();
const actions = new EventTarget();
let timer = 0;

/** What was read last; undefined before. */
export const value = (key) => values.get(key)?.value;

/** Call `listener` with the value now, if there is one, and whenever it changes. */
export function watch(key, listener) {
  if (!watchers.has(key)) watchers.set(key, new Set());
  watchers.get(key).add(listener);
  if (values.has(key)) listener(value(key));
}

function take(key, found) {
  const json = JSON.stringify(found);
  if (values.get(key)?.json === json) return;
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

/** Read some again, or all; an answer that comes after a later one is dropped. Problems are shown by whoever listens to the API, not here. */
export async function refresh(...keys) {
  for (const key of keys.length ? keys : Object.keys(READS)) {
    expect(key);
    const before = written.get(key);
    try {
      const found = await READS[key]();
      if (written.get(key) === before) take(key, found);
    } catch (problem) {
      if (problem.code === "unreachable" || problem.status === 401) return;
    }
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
  onAsk("erased", () => Object.keys(READS).forEach(expect));
  return round();
}

/** Ask another part of the page for something: `consent` opens the consent screen, `changed` means that data moved. */
export const ask = (name, detail) => actions.dispatchEvent(new CustomEvent(name, { detail }));
export const onAsk = (name, listener) => actions.addEventListener(name, (event) => listener(event.detail));
