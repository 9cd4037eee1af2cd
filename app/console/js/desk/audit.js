/** Every change of what is served or kept, newest first. The trail only grows, so only its end is read again. */

import { get } from "../api.js";
import { h } from "../dom.js";
import { exactMoment } from "../format.js";
import { m, named, taskName } from "../i18n.js";
import { badge, button, card, empty } from "../parts.js";
import { onAsk, watch } from "../store.js";
import { reader, whileSeen } from "./reading.js";
import { hide, rows } from "./rows.js";

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
    known && h("details", {}, h("summary", { data: { key: `detail-${entry.id}` } }, m("audit.detail")), h("pre", { tabindex: "0" }, JSON.stringify(entry.detail, null, 1)))));
}

export function auditCard() {
  const list = h("ul", { class: "rows", id: "audit-list" });
  const showRows = rows(list, (entry) => entry.id, row);
  const none = empty("book", m("audit.none"));
  let entries = [];
  let shown = SHOWN;
  none.hidden = true;

  function show() {
    hide(more, entries.length <= shown, list);
    showRows(entries.slice(-shown).reverse());
  }

  const { load, anew, slot } = reader(async (signal) => {
    let page;
    do {
      const last = entries.at(-1)?.id;
      page = await get(`/v1/audit?limit=${PAGE}${last ? `&after=${last}` : ""}`, { signal });
      signal.throwIfAborted();
      entries.push(...page.items);
    } while (page.next_after !== null);
    none.hidden = entries.length > 0;
    show();
  }, () => {
    none.hidden = true;
  });

  const more = button(m("common.more"), () => {
    shown += SHOWN;
    show();
  }, { kind: "small", hidden: true });
  for (const key of ["models", "updates", "consent"]) watch(key, load);
  onAsk("changed", load);
  onAsk("erased", () => {
    entries = [];
    shown = SHOWN;
    none.hidden = true;
    show();
    anew();
  });
  return whileSeen(card("audit", m("audit.title"), h("p", { class: "hint" }, m("audit.hint")), slot, none, list, more), load);
}
