/** Tell a thought, and see what it says and what fits it; likes are learnt from, and can be taken back. */

import { get, inTurn, post, remove } from "../api.js";
import { add, catchFocus, h, intoView, swap } from "../dom.js";
import { moment, percent } from "../format.js";
import { labelName, m, named } from "../i18n.js";
import { icon } from "../icons.js";
import { badge, button, empty, versionBadge } from "../parts.js";
import { attempt, problemSlot } from "../problems.js";
import { ask, onAsk, value, watch } from "../store.js";
import { asWritten, fill, labelled, lengthOf, sendOnEnter, textBox, written } from "../texts.js";
import { helpCard } from "./help.js";
import { untilErased } from "./underway.js";

const EXAMPLES = ["我希望提升我的演讲能力", "最近总是睡不好，心里很烦"];
const PAGE = 20;
const LONG = 160; // Characters of an earlier thought that are shown at once, and of its name for a screen reader.

function analysis(answer) {
  const sure = answer.confidences;
  const fact = (name, said, share) => h("div", {}, h("dt", {}, m(`insights.${name}`)), h("dd", {}, said, share === undefined ? null : h("span", { class: "muted" }, " ", percent(share))));
  return h("dl", { class: "facts" },
    fact("intent", labelName(answer.intent), sure.intent),
    fact("sentiment", named("feeling", answer.sentiment), sure.sentiment),
    fact("direction", labelName(answer.direction), sure.direction),
    answer.entities.length > 0 && fact("entities", answer.entities.map((entity) => h("span", { class: "badge", ...asWritten(entity) }, entity))));
}

function insightCard(thought, insight) {
  const problems = problemSlot();
  const state = h("p", { class: "saved", role: "status" });
  const buttons = {};

  const react = (reaction) => attempt(buttons[reaction], problems, () => inTurn(`reaction ${thought.id} ${insight.id}`, async () => {
    const answer = await post(`/v1/insights/${thought.id}/reaction`, { insight_id: insight.id, reaction });
    for (const [name, one] of Object.entries(buttons)) one.setAttribute("aria-pressed", String(name === reaction));
    box.classList.toggle("dismissed", reaction === "dismiss");
    const learnt = answer.affected_versions.map((one) => one.version).join(", ");
    swap(state, icon("check"), learnt ? m("insights.taken-back", { versions: learnt }) : m(`insights.${reaction}.done`, { pending: answer.pending ?? 0 }));
    ask("changed");
  }));

  for (const [name, mark] of [["like", "heart"], ["done", "check"], ["dismiss", "close"]]) {
    buttons[name] = button(m(`insights.${name}`), () => react(name), { kind: "chip", mark, "aria-pressed": "false" });
  }
  const box = h("article", { class: "insight", data: { insight: insight.id } },
    badge(labelName(insight.direction)), h("h4", asWritten(insight.title), insight.title), h("p", asWritten(insight.body), insight.body),
    h("ul", { class: "steps" }, insight.actions.map((action) => h("li", asWritten(action), action))),
    h("p", { class: "why" }, icon("bulb"), h("span", {}, h("strong", {}, m("insights.why")), h("span", asWritten(insight.why), insight.why))),
    thought.kept && h("div", { class: "chips" }, Object.values(buttons)), state, problems.slot);
  return box;
}

/** An earlier thought: its beginning, and all of it for the asking. */
function earlierText(text) {
  const said = h("p", asWritten(text), text);
  if (lengthOf(text) <= LONG) return said;
  said.classList.add("clamped");
  const whole = button(m("insights.whole"), () => {
    said.classList.remove("clamped");
    whole.remove();
    catchFocus(said);
  }, { kind: "small quiet" });
  return [said, whole];
}

/** What stands below a thought that was not kept: what is to do depends on what the user agrees to now. */
const notKept = (note) => swap(note, value("consent")?.personalization
  ? h("p", {}, m("insights.kept-next"))
  : [h("p", {}, m("insights.not-kept")), button(m("problem.open-consent"), () => ask("consent"), { kind: "small" })]);

export function insightsScreen() {
  const thought = textBox("insight-text", 2, { placeholder: m("insights.placeholder") });
  const { box } = thought;
  const problems = problemSlot();
  const result = h("div", { id: "insight-result", class: "result-slot", "aria-live": "polite" });
  const gone = h("p", { class: "saved", role: "status" });
  const rows = h("ul", { class: "rows" });
  const more = h("div", { class: "actions center" });
  const earlier = h("details", { class: "earlier" }, h("summary", {}, m("insights.earlier")), gone, rows, more);
  let current = null; // the thought that the result is of

  async function forget(id, caller) {
    await attempt(caller, problems, async () => {
      const forgotten = await remove(`/v1/insights/${id}`);
      const versions = forgotten.affected_versions.map((one) => one.version).join(", ");
      const said = versions ? m("insights.forgotten-learnt", { versions }) : m("insights.forgotten");
      rows.querySelector(`[data-thought="${CSS.escape(id)}"]`)?.remove();
      if (id === current) {
        current = null;
        swap(gone);
        swap(result, empty("check", said));
        catchFocus(result);
      } else {
        swap(gone, icon("check"), said);
        catchFocus(gone);
      }
      ask("changed");
      if (earlier.open && rows.children.length === 0) await showEarlier();
    });
  }

  function shown(answer) {
    if (answer.help) return helpCard(answer.help);
    const foot = answer.kept
      ? button(m("insights.forget"), (event) => forget(answer.id, event.currentTarget), { kind: "small", mark: "trash" })
      : notKept(h("div", { class: "note not-kept" }));
    return h("div", { class: "insight-answer" }, analysis(answer),
      answer.goal && h("p", { class: "note" }, icon("check"), h("span", {}, m("insights.goal"), h("span", asWritten(answer.goal.text), answer.goal.text))),
      answer.message && h("p", asWritten(answer.message), answer.message),
      answer.insights.map((insight) => insightCard(answer, insight)),
      h("div", { class: "result-foot" }, answer.version !== null && versionBadge(answer.version), foot));
  }

  async function tell() {
    await attempt(send, problems, () => untilErased(async (signal) => {
      const answer = await post("/v1/insights", { text: written(box) }, { signal });
      current = answer.id;
      swap(gone);
      swap(result, shown(answer));
      intoView(result);
      if (earlier.open) await read(null, signal);
    }));
  }

  const row = (one) => h("li", { data: { thought: one.id } },
    h("div", { class: "grow" }, earlierText(one.text), h("p", { class: "muted" }, labelName(one.direction), " · ", moment(one.at))),
    button(m("common.delete"), (event) => forget(one.id, event.currentTarget), { kind: "small icon-only", mark: "trash", "aria-label": m("insights.delete", { text: one.text.slice(0, LONG) }) }));

  /** The newest ones, or those that follow `after`. */
  async function read(after, signal) {
    const page = await get(`/v1/insights?limit=${PAGE}${after === null ? "" : `&after=${after}`}`, { signal });
    if (after === null) swap(rows);
    const found = page.items.map(row);
    add(rows, found);
    const next = button(m("common.more"), () => attempt(next, problems, () => untilErased((until) => read(page.next_after, until))), { kind: "small" });
    more.replaceChildren();
    if (page.next_after !== null) add(more, next);
    else if (rows.children.length === 0) add(more, empty("bulb", m("insights.none-earlier")));
    if (after !== null) catchFocus(found[0] ?? gone);
  }

  const showEarlier = () => untilErased((signal) => read(null, signal));

  const send = button(m("insights.ask"), tell, { kind: "primary", id: "insight-ask", mark: "send" });
  sendOnEnter(box, tell);
  earlier.addEventListener("toggle", () => {
    swap(gone);
    if (earlier.open) showEarlier().catch(problems.show);
  });
  const welcome = () => h("div", {}, empty("bulb", m("insights.empty")), h("div", { class: "chips center" }, EXAMPLES.map((text) => button(text, () => {
    fill(box, text);
    tell();
  }, { kind: "chip", lang: "zh-CN" }))));
  swap(result, welcome());
  watch("consent", () => result.querySelectorAll(".not-kept").forEach(notKept));
  onAsk("erased", () => {
    current = null;
    fill(box, "");
    problems.clear();
    earlier.open = false;
    for (const part of [gone, rows, more]) swap(part);
    swap(result, welcome());
  });
  return h("div", { class: "screen" }, h("h3", {}, m("insights.title")), labelled(m("insights.text"), thought),
    h("div", { class: "actions end" }, send), problems.slot, result, earlier);
}
