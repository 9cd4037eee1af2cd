/** What is stored, where, and how to take it back; nothing is agreed to beforehand, and declining is one tap too. */

import { inTurn, put } from "../api.js";
import { h, swap } from "../dom.js";
import { m } from "../i18n.js";
import { icon } from "../icons.js";
import { button, toggle } from "../parts.js";
import { attempt, problemSlot } from "../problems.js";
import { accept, ask, refresh } from "../store.js";

const point = (mark, name) =>
  h("li", {}, icon(mark), h("div", {}, h("strong", {}, m(`consent.${name}`)), h("p", {}, m(`consent.${name}.text`))));

/**
 * The screen; `leave` closes it. Where the user was asked before, it can also be left as it is, what was changed elsewhere
 * is shown by `follow(given)`, and only what is decided otherwise here is sent: a stale screen grants nothing anew.
 */
export function consentScreen(given, leave) {
  const again = given.since !== null;
  const personal = toggle("consent-personalization", m("consent.personalization"), null, { hint: m("consent.personalization.hint") });
  const cloud = toggle("consent-cloud", m("consent.cloud"), null, { hint: m("consent.cloud.hint") });
  const problems = problemSlot();
  const changed = h("p", { class: "note", role: "status", hidden: true });

  function show(now) {
    given = now;
    personal.input.checked = now.personalization;
    cloud.input.checked = now.cloud_assist;
  }

  function follow(now) {
    if (now.personalization === given.personalization && now.cloud_assist === given.cloud_assist) return;
    show(now);
    changed.hidden = false;
    swap(changed, m("consent.changed"));
  }

  const chosen = () => Object.fromEntries(Object.entries({ personalization: personal.input.checked, cloud_assist: cloud.input.checked })
    .filter(([name, on]) => !again || on !== given[name]));

  async function decide(event, decided) {
    await attempt(event.currentTarget, problems, async () => {
      if (Object.keys(decided).length > 0) accept("consent", await inTurn("consent", () => put("/v1/consent", decided)));
      leave();
      ask("changed");
      refresh();
    });
  }

  show(given);
  const element = h("div", { class: "screen consent" },
    again && h("div", { class: "actions" }, button(m("consent.back"), leave, { kind: "small", mark: "back", id: "consent-back" })),
    h("div", { class: "consent-head" }, h("div", { class: "consent-mark" }, icon("lock")), h("h3", { tabindex: "-1" }, m("consent.title"))),
    h("p", { class: "lead" }, m("consent.lead")),
    h("ul", { class: "points" }, point("book", "what"), point("lock", "where"), point("back", "withdraw")),
    h("div", { class: "choices", role: "group", "aria-label": m("consent.choices") }, personal.row, cloud.row),
    h("p", { class: "hint" }, m("consent.declining")),
    h("div", { class: "actions stack decide" }, changed, problems.slot,
      button(m("consent.continue"), (event) => decide(event, chosen()), { kind: "primary", id: "consent-continue" }),
      button(m("consent.decline"), (event) => decide(event, { personalization: false, cloud_assist: false }), { id: "consent-decline" })));
  return { element, again, follow };
}
