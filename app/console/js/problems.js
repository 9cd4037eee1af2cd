/** Problems as sentences, beside what caused them, with the way out where there is one. */

import { onApi, Problem } from "./api.js";
import { h, lazy, swap } from "./dom.js";
import { number } from "./format.js";
import { known, m, t } from "./i18n.js";
import { icon } from "./icons.js";
import { reason } from "./reasons.js";
import { ask } from "./store.js";
import { LONGEST } from "./texts.js";

// The sentence says it all: what the service adds would only repeat it.
const PLAIN = new Set(["unreachable", "consent-required", "token-required", "update-running", "nothing-to-roll-back"]);

function sentence(problem) {
  return lazy(() => {
    if (known(`problem.${problem.code}`)) return t(`problem.${problem.code}`, { longest: number(LONGEST, 0) });
    if (known(`problem.status.${problem.status}`)) return t(`problem.status.${problem.status}`);
    return t("problem.other", { title: problem.title || problem.message });
  });
}

function obstacles(problem) {
  const list = /^the device may not train now: (.*) \(force overrides\)$/.exec(problem.detail)?.[1];
  return list && h("ul", {}, list.split(", ").map((one) => h("li", {}, reason(one))));
}

function detail(problem) {
  if (PLAIN.has(problem.code) || !problem.detail) return null;
  const special = problem.code === "conditions-not-met" && obstacles(problem);
  return special || h("p", { class: "problem-detail", lang: "en" }, problem.detail);
}

function wayOut(problem) {
  if (problem.code !== "consent-required") return null;
  return h("button", { type: "button", class: "small", on: { click: () => ask("consent") } }, m("problem.open-consent"));
}

/** Whatever was thrown, as a Problem; a bug of the page's own goes to the browser's log as well. */
export function asProblem(error) {
  if (error instanceof Problem) return error;
  if (error?.name !== "AbortError") console.error(error);
  return new Problem({ type: "urn:attune:problem:page", title: String(error?.message ?? error) });
}

// Those that asked for the token: with the right one there is nothing left to say.
const barred = new Set();
onApi("admitted", () => {
  for (const clear of barred) clear();
  barred.clear();
});

/** What shows a problem; `slot` keeps its place, and is a live region. */
export function problemSlot() {
  const slot = h("div", { class: "problem-slot", role: "alert" });
  const clear = () => slot.childNodes.length && swap(slot);
  return {
    slot,
    clear,
    show(error) {
      const problem = asProblem(error);
      if (problem.status === 401) barred.add(clear);
      else barred.delete(clear);
      swap(
        slot,
        h("div", { class: "problem", data: { code: problem.code } }, icon("warn"),
          h("div", {}, h("p", {}, sentence(problem)), detail(problem), wayOut(problem))),
      );
    },
  };
}

/** Run what a button does: the button waits, the problem of before goes, a new one is shown. */
export async function attempt(button, problems, work) {
  if (button?.getAttribute("aria-busy") === "true") return undefined;
  button?.setAttribute("aria-busy", "true");
  problems.clear();
  try {
    return await work();
  } catch (error) {
    problems.show(error);
    return undefined;
  } finally {
    button?.removeAttribute("aria-busy");
  }
}

