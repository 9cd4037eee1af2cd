/** The boxes that a user writes into: how much fits, said before it is too much, and what is asked of a text before it is sent. */

import { Problem } from "./api.js";
import { attribute, h, swap } from "./dom.js";
import { number } from "./format.js";
import { m } from "./i18n.js";

/** Characters that the service takes at most; it counts code points. */
export const LONGEST = 10_000;
const NEAR = 0.9 * LONGEST;

export const lengthOf = (text) => [...text].length;

/** Attributes of what shows a text that somebody wrote, whatever the page's language: its own direction, and Chinese named so. */
export const asWritten = (text) => ({ dir: "auto", ...(/\p{Script=Han}/u.test(text) && { lang: "zh-CN" }) });

/** A box, and what counts the characters in it once they are nearly too many: a text is never cut unasked. */
export function textBox(id, rows, properties) {
  const count = h("p", { class: "hint count", id: `${id}-count`, hidden: true });
  const box = h("textarea", { id, rows, dir: "auto", autocomplete: "off", "aria-describedby": count.id, ...properties });
  box.addEventListener("input", () => {
    const length = lengthOf(box.value);
    const over = length > LONGEST;
    count.hidden = length < NEAR;
    count.classList.toggle("over", over);
    attribute(box, "aria-invalid", over && "true");
    swap(count, !count.hidden && m(over ? "text.over" : "text.count", { length: number(length, 0), longest: number(LONGEST, 0) }));
  });
  return { box, count };
}

export const labelled = (label, { box, count }) => h("div", { class: "field" }, h("label", { for: box.id }, label), box, count);

/** Put a text into a box, as if it had been written. */
export function fill(box, text) {
  box.value = text;
  box.dispatchEvent(new Event("input"));
}

/** What stands in a box. Throws a Problem where that is nothing, or too much. */
export function written(box) {
  const code = !box.value.trim() ? "invalid-text" : lengthOf(box.value) > LONGEST ? "text-too-long" : null;
  if (code === null) return box.value;
  box.focus();
  throw new Problem({ type: `urn:attune:problem:${code}` });
}

/** The submit of a text box: Enter sends once however long it is held, Shift+Enter breaks the line, and an input method's Enter does neither. */
export function sendOnEnter(box, send) {
  box.addEventListener("keydown", (event) => {
    // 229: Safari says that composing is over before it tells of the Enter that ended it.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    if (!event.repeat) send();
  });
}
