/** The two languages: chosen by the browser, changed by the user, remembered. */

import { lazy, retranslate } from "./dom.js";
import en from "./messages/en.js";
import zh from "./messages/zh.js";
import { keep, recall } from "./storage.js";

const MESSAGES = { "zh-CN": zh, en };
const STORED = "attune.language";
const listeners = new Set();

function preferred() {
  const stored = recall("localStorage", STORED);
  if (stored in MESSAGES) return stored;
  const first = navigator.languages.find((name) => /^(zh|en)\b/i.test(name)) ?? "en";
  return /^zh/i.test(first) ? "zh-CN" : "en";
}

let current = preferred();
document.documentElement.lang = current;

export const language = () => current;

/** Whether there is such a message. */
export const known = (key) => key in MESSAGES[current];

/** A message; `{name}` in it is replaced by the parameter of that name. */
export function t(key, parameters = {}) {
  const message = MESSAGES[current][key] ?? key;
  return message.replace(/\{(\w+)\}/g, (whole, name) => (name in parameters ? String(parameters[name]) : whole));
}

/** A message that follows the language. */
export const m = (key, parameters) => lazy(() => t(key, parameters));

/** `name` has a word of its own in the language, or is shown as it is: bundles may bring others. */
export const named = (stem, name) => lazy(() => (known(`${stem}.${name}`) ? t(`${stem}.${name}`) : name));

export const taskName = (task) => named("task", task);
export const labelName = (label) => named("label", label);

export const onLanguage = (listener) => listeners.add(listener);

export function setLanguage(name) {
  current = name;
  keep("localStorage", STORED, name);
  document.documentElement.lang = name;
  retranslate(document.documentElement);
  for (const listener of listeners) listener();
}
