/** Consent as a setting, and the phone's own calendar, contacts and notes. */

import { get, post, put, remove } from "../api.js";
import { h, swap } from "../dom.js";
import { moment, number } from "../format.js";
import { m } from "../i18n.js";
import { button, toggle } from "../parts.js";
import { attempt, problemSlot } from "../problems.js";
import { accept, ask, onAsk, refresh, value, watch } from "../store.js";
import { exampleEntries } from "./examples.js";

function consentPart() {
  const problems = problemSlot();
  const since = h("p", { class: "hint" });

  async function change(field, input) {
    try {
      problems.clear();
      accept("consent", await put("/v1/consent", { [field]: input.checked }));
      refresh("ready", "schedule");
    } catch (error) {
      input.checked = value("consent")[field];
      problems.show(error);
    }
  }

  const personal = toggle("me-personalization", m("consent.personalization"), () => change("personalization", personal.input), { hint: m("consent.personalization.hint") });
  const cloud = toggle("me-cloud", m("consent.cloud"), () => change("cloud_assist", cloud.input), { hint: m("consent.cloud.hint") });
  const withdraw = button(m("me.withdraw"), () => attempt(withdraw, problems, async () => accept("consent", await remove("/v1/consent"))), { id: "withdraw" });
  watch("consent", (given) => {
    personal.input.checked = given.personalization;
    cloud.input.checked = given.cloud_assist;
    withdraw.disabled = !given.personalization && !given.cloud_assist;
    swap(since, given.since && m("me.since", { since: moment(given.since) }));
  });
  return h("section", { "aria-label": m("me.consent") }, h("h4", {}, m("me.consent")), personal.row, cloud.row, since, problems.slot,
    h("div", { class: "actions" }, withdraw, button(m("me.about"), () => ask("consent"), { kind: "quiet" })));
}

function dataPart() {
  const problems = problemSlot();
  const counts = h("dl", { class: "facts" });
  const note = h("p", { class: "saved", role: "status" });
  const KINDS = ["calendar", "contacts", "notes"];

  async function show() {
    const totals = await Promise.all(KINDS.map(async (kind) => (await get(`/v1/personal/${kind}?limit=1`)).total));
    swap(counts, KINDS.map((kind, index) => h("div", {}, h("dt", {}, m(`me.${kind}`)), h("dd", {}, number(totals[index], 0)))));
    clear.disabled = totals.every((total) => total === 0);
  }

  const addAll = button(m("me.examples"), () => attempt(addAll, problems, async () => {
    for (const [kind, entries] of Object.entries(exampleEntries(new Date(value("device").now)))) {
      for (const entry of entries) await post(`/v1/personal/${kind}`, entry);
    }
    swap(note, m("me.examples.done"));
    await show();
  }), { id: "add-examples" });
  const clear = button(m("me.clear"), () => attempt(clear, problems, async () => {
    for (const kind of KINDS) await remove(`/v1/personal/${kind}`);
    swap(note, m("me.cleared"));
    await show();
  }), { kind: "quiet" });
  watch("models", () => counts.childNodes.length || show().catch(() => {}));
  onAsk("changed", () => show().catch(() => {}));
  onAsk("erased", () => swap(note));
  return h("section", { "aria-label": m("me.data") }, h("h4", {}, m("me.data")), h("p", { class: "hint" }, m("me.data.hint")), counts,
    h("div", { class: "actions" }, addAll, clear), note, problems.slot);
}

export const meScreen = () => h("div", { class: "screen me" }, h("h3", {}, m("me.title")), consentPart(), dataPart());
