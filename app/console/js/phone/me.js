/** Consent as a setting, and the phone's own calendar, contacts and notes. */

import { get, inTurn, post, put, remove } from "../api.js";
import { catchFocus, h, swap } from "../dom.js";
import { moment, number } from "../format.js";
import { m } from "../i18n.js";
import { icon } from "../icons.js";
import { button, dialog, dialogActions, toggle } from "../parts.js";
import { attempt, problemSlot } from "../problems.js";
import { accept, ask, expect, onAsk, refresh, value, watch } from "../store.js";
import { calendar, CONTACTS, NOTES } from "./examples.js";
import { untilErased } from "./underway.js";

const MOST = 200; // a page of the service

function consentPart() {
  const problems = problemSlot();
  const since = h("p", { class: "hint" });
  const done = h("p", { class: "saved", role: "status" });
  let waiting = 0;

  function show() {
    const given = value("consent");
    if (!given || waiting > 0) return; // The switches stay as they were put until the last change is through.
    personal.input.checked = given.personalization;
    cloud.input.checked = given.cloud_assist;
    withdraw.disabled = !given.personalization && !given.cloud_assist;
    if (!withdraw.disabled) swap(done);
    swap(since, given.since && m("me.since", { since: moment(given.since) }));
  }

  async function change(write) {
    waiting += 1;
    problems.clear();
    try {
      expect("consent");
      accept("consent", await inTurn("consent", write));
      refresh("ready", "schedule");
      return true;
    } catch (error) {
      problems.show(error);
      return false;
    } finally {
      waiting -= 1;
      show();
    }
  }

  const set = (field, on) => change(() => put("/v1/consent", { [field]: on }));
  const personal = toggle("me-personalization", m("consent.personalization"), (on) => set("personalization", on), { hint: m("consent.personalization.hint") });
  const cloud = toggle("me-cloud", m("consent.cloud"), (on) => set("cloud_assist", on), { hint: m("consent.cloud.hint") });
  const withdraw = button(m("me.withdraw"), async () => {
    if (!(await change(() => remove("/v1/consent")))) return;
    swap(done, icon("check"), m("me.withdrawn"));
    catchFocus(done);
  }, { id: "withdraw" });
  watch("consent", show);
  onAsk("erased", () => swap(done));
  return h("section", { "aria-label": m("me.consent") }, h("h4", {}, m("me.consent")), personal.row, cloud.row, since, done, problems.slot,
    h("div", { class: "actions" }, withdraw, button(m("me.about"), () => ask("consent"), { kind: "quiet" })));
}

/** Resolves to whether all of it is to go. */
async function sure() {
  return (await dialog(m("me.clear.title"), (form, close) =>
    form.append(h("p", {}, m("me.clear.warning")), dialogActions(button(m("me.clear"), () => close("clear"), { kind: "danger" }))))) === "clear";
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

  const showAgain = () => show().catch(() => {});

  /** Add those entries that are not there yet. Gives how many these were, and what is there now. */
  async function fillUp(kind, entries, name, signal) {
    const there = (await get(`/v1/personal/${kind}?limit=${MOST}`, { signal })).items;
    const missing = entries.filter((entry) => !there.some((one) => name(one) === name(entry)));
    for (const entry of missing) there.push(await post(`/v1/personal/${kind}`, entry, { signal }));
    return { added: missing.length, there };
  }

  async function addExamples(signal) {
    const notes = await fillUp("notes", NOTES, (one) => one.title, signal);
    // Only the phone's entries tell in which zone its days begin.
    const [, sign, hours, minutes] = /([+-])(\d\d):(\d\d)$/.exec(notes.there.at(-1).at) ?? [null, "+", "0", "0"];
    const ahead = Number(`${sign}1`) * (Number(hours) * 60 + Number(minutes)) * 60_000;
    const today = new Date(new Date(value("device").now).getTime() + ahead).toISOString().slice(0, 10);
    const contacts = await fillUp("contacts", CONTACTS, (one) => one.name, signal);
    const events = await fillUp("calendar", calendar(today), (one) => one.title + one.start.slice(0, "2026-12-01T09:30".length), signal);
    swap(note, icon("check"), m(notes.added + contacts.added + events.added > 0 ? "me.examples.done" : "me.examples.there"));
  }

  const addAll = button(m("me.examples"), () => attempt(addAll, problems, async () => {
    await untilErased(addExamples).finally(showAgain);
  }), { id: "add-examples" });
  const clear = button(m("me.clear"), async () => {
    if (!(await sure())) return;
    await attempt(clear, problems, async () => {
      try {
        for (const kind of KINDS) await remove(`/v1/personal/${kind}`);
        swap(note, icon("check"), m("me.cleared"));
      } finally {
        await showAgain();
        catchFocus(note);
      }
    });
  }, { kind: "quiet" });
  watch("models", () => counts.childNodes.length || showAgain());
  onAsk("changed", showAgain);
  onAsk("screen", (id) => id === "me" && showAgain());
  onAsk("erased", () => {
    swap(note);
    showAgain();
  });
  return h("section", { "aria-label": m("me.data") }, h("h4", {}, m("me.data")), h("p", { class: "hint" }, m("me.data.hint")), counts,
    h("div", { class: "actions" }, addAll, clear), note, problems.slot);
}

export const meScreen = () => h("div", { class: "screen me" }, h("h3", {}, m("me.title")), consentPart(), dataPart());
