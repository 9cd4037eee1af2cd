/** The ledger of every byte that left the device. */

import { get } from "../api.js";
import { h, swap } from "../dom.js";
import { exactMoment, number } from "../format.js";
import { m, named } from "../i18n.js";
import { badge, button, card, empty } from "../parts.js";
import { attempt, problemSlot } from "../problems.js";
import { onAsk, watch } from "../store.js";

const PAGE = 20;

const row = (entry) => h("li", {}, h("div", { class: "grow" },
  h("p", {}, badge(named("outcome", entry.outcome)), " ", h("strong", {}, entry.host), " ", h("span", { class: "muted" }, entry.model)),
  h("p", { class: "muted" }, exactMoment(entry.at), " · ", m("egress.bytes", { bytes: number(entry.bytes, 0) }), " · ", named("why", entry.why), " · ", m("egress.attempt", { attempt: entry.attempt })),
  h("p", { class: "muted" }, m("egress.consent", { since: exactMoment(entry.consent_since) })),
  h("details", {}, h("summary", {}, m("egress.body")), h("pre", { tabindex: "0" }, entry.body))));

export function egressCard() {
  const problems = problemSlot();
  const list = h("ul", { class: "rows", id: "egress-list" });
  const none = empty("lock", m("egress.none"));
  let next = null;

  async function load(further = false) {
    const page = await get(`/v1/egress?limit=${PAGE}${further && next !== null ? `&after=${next}` : ""}`);
    next = page.next_after;
    if (further) list.append(...page.items.map(row));
    else swap(list, page.items.map(row));
    none.hidden = list.childNodes.length > 0;
    more.hidden = next === null;
  }

  const more = button(m("common.more"), () => attempt(more, problems, () => load(true)), { kind: "small" });
  const quietly = () => load().catch(() => {});
  watch("models", quietly);
  for (const name of ["sent", "erased", "changed"]) onAsk(name, quietly);
  return card("egress", m("egress.title"), h("p", { class: "hint" }, m("egress.hint")), problems.slot, none, list, more);
}
