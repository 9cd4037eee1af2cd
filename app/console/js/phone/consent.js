/** What is stored, where, and how to take it back; nothing is agreed to beforehand, and declining is one tap too. */

import { put } from "../api.js";
import { h } from "../dom.js";
import { m } from "../i18n.js";
import { icon } from "../icons.js";
import { button, toggle } from "../parts.js";
import { attempt, problemSlot } from "../problems.js";
import { accept, ask, refresh } from "../store.js";

const point = (mark, name) =>
  h("li", {}, icon(mark), h("div", {}, h("strong", {}, m(`consent.${name}`)), h("p", {}, m(`consent.${name}.text`))));

export function consentScreen(given, leave) {
  const personal = toggle("consent-personalization", m("consent.personalization"), null, { hint: m("consent.personalization.hint") });
  const cloud = toggle("consent-cloud", m("consent.cloud"), null, { hint: m("consent.cloud.hint") });
  personal.input.checked = given.personalization;
  cloud.input.checked = given.cloud_assist;
  const problems = problemSlot();

  async function decide(event, personalization, cloudAssist) {
    await attempt(event.currentTarget, problems, async () => {
      accept("consent", await put("/v1/consent", { personalization, cloud_assist: cloudAssist }));
      leave();
      ask("changed");
      refresh();
    });
  }

  return h("div", { class: "screen consent" },
    h("div", { class: "consent-head" }, h("div", { class: "consent-mark" }, icon("lock")), h("h3", { tabindex: "-1" }, m("consent.title"))),
    h("p", { class: "lead" }, m("consent.lead")),
    h("ul", { class: "points" }, point("book", "what"), point("lock", "where"), point("back", "withdraw")),
    h("div", { class: "choices", role: "group", "aria-label": m("consent.choices") }, personal.row, cloud.row),
    h("p", { class: "hint" }, m("consent.declining")),
    h("div", { class: "actions stack decide" }, problems.slot,
      button(m("consent.continue"), (event) => decide(event, personal.input.checked, cloud.input.checked), { kind: "primary", id: "consent-continue" }),
      button(m("consent.decline"), (event) => decide(event, false, false), { id: "consent-decline" })));
}
