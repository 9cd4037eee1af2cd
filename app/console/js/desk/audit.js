/** Every change of what is served or kept, newest first. The trail only grows, so only its end is read again. */

import { get } from "../api.js";
import { h, swap } from "../dom.js";
import { exactMoment } from "../format.js";
import { m, named, taskName } from "../i18n.js";
import { badge, button, card, empty } from "../parts.js";
import { problemSlot } from "../problems.js";
import { onAsk, watch } from "../store.js";

const PAGE = 200;
const SHOWN = 40;

const consentWords = (given) =>
  m("audit.consent-given", { personalization: m(given.personalization ? "common.yes" : "common.no"), cloud: m(given.cloud_assist ? "common.yes" : "common.no") });

function row(entry) {
  const moved = entry.version_to !== null && h("span", { class: "moved" }, entry.version_from === null ? "" : `${entry.version_from} → `, entry.version_to);
  const known = Object.keys(entry.detail).length > 0 && entry.action !== "consent";
  return h("li", { data: { action: entry.action } }, h("div", { class: "grow" },
    h("p", {}, badge(named("audit", entry.action)), " ", entry.action === "consent" && consentWords(entry.detail), entry.task && taskName(entry.task), " ", moved),
    h("p", { class: "muted" }, exactMoment(entry.at), " · ", named("actor", entry.actor)),
    known && h("details", {}, h("summary", {}, m("audit.detail")), h("pre", { tabindex: "0" }, JSON.stringify(entry.detail, null, 1)))));
}

export function auditCard() {
  const problems = problemSlot();
  const list = h("ul", { class: "rows", id: "audit-list" });
  const none = empty("book", m("audit.none"));
  let entries = [];
  let shown = SHOWN;
  let reading = false;
  let again = false;

  function show() {
    none.hidden = entries.length > 0;
    more.hidden = entries.length <= shown;
    swap(list, entries.slice(-shown).reverse().map(row));
  }

  async function readOn() {
    const trail = entries;
    const before = trail.length;
    let page;
    do {
      const last = trail.at(-1)?.id;
      page = await get(`/v1/audit?limit=${PAGE}${last ? `&after=${last}` : ""}`);
      trail.push(...page.items);
    } while (page.next_after !== null);
    problems.clear();
    if (trail === entries && (trail.length !== before || before === 0)) show();
  }

  async function load() {
    again = true;
    if (reading) return;
    reading = true;
    try {
      while (again) {
        again = false;
        await readOn();
      }
    } catch (error) {
      if (error.code !== "unreachable" && error.status !== 401) problems.show(error);
    } finally {
      reading = false;
    }
  }

  const more = button(m("common.more"), () => {
    shown += SHOWN;
    show();
  }, { kind: "small" });
  for (const key of ["models", "updates", "consent"]) watch(key, load);
  onAsk("changed", load);
  onAsk("erased", () => {
    entries = [];
    load();
  });
  return card("audit", m("audit.title"), h("p", { class: "hint" }, m("audit.hint")), problems.slot, none, list, more);
}
