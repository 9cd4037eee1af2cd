/** The ledger of every byte that left the device. */

import { h } from "../dom.js";
import { exactMoment, number } from "../format.js";
import { m, named } from "../i18n.js";
import { badge, button, card, empty } from "../parts.js";
import { onAsk, watch } from "../store.js";
import { first, reader, whileSeen } from "./reading.js";
import { hide, rows } from "./rows.js";

const PAGE = 20;

const row = (entry) => h("li", {}, h("div", { class: "grow" },
  h("p", {}, badge(named("outcome", entry.outcome)), " ", h("strong", {}, entry.host), " ", h("span", { class: "muted" }, entry.model)),
  h("p", { class: "muted" }, exactMoment(entry.at), " · ", m("egress.bytes", { bytes: number(entry.bytes, 0) }), " · ", named("why", entry.why), " · ", m("egress.attempt", { attempt: entry.attempt })),
  h("p", { class: "muted" }, m("egress.consent", { since: exactMoment(entry.consent_since) })),
  h("details", {}, h("summary", { data: { key: `body-${entry.id}` } }, m("egress.body")), h("pre", { tabindex: "0" }, entry.body))));

export function egressCard() {
  const list = h("ul", { class: "rows", id: "egress-list" });
  const show = rows(list, (entry) => entry.id, row);
  const none = empty("lock", m("egress.none"));
  let count = PAGE;
  none.hidden = true;

  const { load, anew, slot } = reader(async (signal) => {
    const { items, further } = await first(count, "/v1/egress?", signal);
    show(items);
    none.hidden = items.length > 0;
    hide(more, !further, list);
  }, () => {
    none.hidden = true;
  });

  const more = button(m("common.more"), () => {
    count += PAGE;
    return load();
  }, { kind: "small", hidden: true });
  watch("models", load);
  for (const name of ["sent", "changed"]) onAsk(name, load);
  onAsk("erased", () => {
    count = PAGE;
    none.hidden = true;
    show([]);
    anew();
  });
  return whileSeen(card("egress", m("egress.title"), h("p", { class: "hint" }, m("egress.hint")), slot, none, list, more), load);
}
