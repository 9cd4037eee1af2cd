/** Parts that several panels use: cards, fields, switches, bars, badges, dialogs. */

import { h, swap, uniqueId } from "./dom.js";
import { percent } from "./format.js";
import { labelName, m } from "./i18n.js";
import { icon } from "./icons.js";

export const button = (label, click, { kind = "", mark = null, ...rest } = {}) =>
  h("button", { type: "button", class: kind, on: { click }, ...rest }, mark && icon(mark), h("span", {}, label));

/** A section of the desk with its heading. */
export function card(id, title, ...children) {
  const heading = h("h3", { id: `${id}-title` }, title);
  return h("section", { class: "card", id, "aria-labelledby": heading.id }, heading, ...children);
}

export const empty = (mark, ...children) => h("div", { class: "empty" }, icon(mark), h("p", {}, ...children));

export const badge = (label, kind = "") => h("span", { class: `badge ${kind}` }, label);

/** A labelled control; `hint` is read with it. */
export function field(label, control, hint = null) {
  control.id ||= uniqueId("field");
  const note = hint && h("p", { class: "hint", id: `${control.id}-hint` }, hint);
  if (note) control.setAttribute("aria-describedby", note.id);
  return h("div", { class: "field" }, h("label", { for: control.id }, label), control, note);
}

export function select(options, properties = {}) {
  return h("select", properties, options.map(([value, label]) => h("option", { value }, label)));
}

/** Fill a `<select>` anew, but keep what was chosen; an open one is left alone while its options are the same. */
export function fillSelect(control, options, fallback = null) {
  const key = options.map(([value, label]) => `${value} ${label}`).join("\n");
  if (control.dataset.options === key) return;
  const chosen = control.value || fallback;
  control.dataset.options = key;
  swap(control, options.map(([value, label]) => h("option", { value }, label)));
  if (options.some(([value]) => String(value) === String(chosen))) control.value = chosen;
}

/** A switch with its label; `change(on)` may throw, and the switch goes back. */
export function toggle(id, label, change, { hint = null, mark = null } = {}) {
  const input = h("input", { type: "checkbox", role: "switch", id, on: { change: () => change?.(input.checked) } });
  const note = hint && h("p", { class: "hint", id: `${id}-hint` }, hint);
  if (note) input.setAttribute("aria-describedby", note.id);
  const row = h("div", { class: "toggle" }, mark && icon(mark), h("div", {}, h("label", { for: id }, label), note), input);
  return { row, input };
}

/** Probabilities as bars, the largest first or in the task's order. */
export function bars(probabilities, top) {
  const rows = Object.entries(probabilities).map(([label, share]) => {
    const fill = h("span", { class: "bar-fill" });
    fill.style.width = `${(share * 100).toFixed(2)}%`;
    return h(
      "li", { class: label === top ? "bar top" : "bar", data: { label } },
      h("span", { class: "bar-label" }, labelName(label)), h("span", { class: "bar-track" }, fill),
      h("span", { class: "bar-value" }, percent(share)),
    );
  });
  return h("ul", { class: "bars", "aria-label": m("write.probabilities") }, rows);
}

export const versionBadge = (version) => badge(m("write.version", { version }), "version-badge");

/** Show a modal dialog until it is closed; resolves to the value it was closed with, empty where it was dismissed. */
export function dialog(title, build) {
  const heading = h("h2", { id: uniqueId("dialog") }, title);
  const box = h("dialog", { "aria-labelledby": heading.id }, heading);
  const form = h("form", { method: "dialog", class: "dialog-form" });
  build(form, (result) => box.close(result));
  box.append(form);
  document.body.append(box);
  box.showModal();
  return new Promise((resolve) => {
    box.addEventListener("close", () => {
      resolve(box.returnValue);
      box.remove();
    });
  });
}

export const dialogActions = (...buttons) =>
  h("div", { class: "actions end" }, h("button", { type: "submit", value: "", formnovalidate: true }, m("common.cancel")), ...buttons);
