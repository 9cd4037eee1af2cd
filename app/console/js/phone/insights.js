/** Tell a thought, and see what it says and what fits it; likes are learnt from, and can be taken back. */

import { get, post, remove } from "../api.js";
import { h, intoView, swap } from "../dom.js";
import { moment, percent } from "../format.js";
import { labelName, m, named } from "../i18n.js";
import { icon } from "../icons.js";
import { badge, button, empty, versionBadge } from "../parts.js";
import { attempt, problemSlot } from "../problems.js";
import { ask, onAsk } from "../store.js";
import { fill, labelled, sendOnEnter, textBox, written } from "../texts.js";
import { helpCard } from "./help.js";

const EXAMPLES = ["我希望提升我的演讲能力", "最近总是睡不好，心里很烦"];

function analysis(answer) {
  const sure = answer.confidences;
  const fact = (name, said, share) => h("div", {}, h("dt", {}, m(`insights.${name}`)), h("dd", {}, said, share === undefined ? null : h("span", { class: "muted" }, " ", percent(share))));
  return h("dl", { class: "facts" },
    fact("intent", labelName(answer.intent), sure.intent),
    fact("sentiment", named("feeling", answer.sentiment), sure.sentiment),
    fact("direction", labelName(answer.direction), sure.direction),
    answer.entities.length > 0 && fact("entities", answer.entities.map((entity) => badge(entity))));
}

function insightCard(thought, insight) {
  const problems = problemSlot();
  const state = h("p", { class: "saved", role: "status" });
  const buttons = {};

  const react = (reaction) => attempt(buttons[reaction], problems, async () => {
    const answer = await post(`/v1/insights/${thought.id}/reaction`, { insight_id: insight.id, reaction });
    for (const [name, one] of Object.entries(buttons)) one.setAttribute("aria-pressed", String(name === reaction));
    box.classList.toggle("dismissed", reaction === "dismiss");
    const learnt = answer.affected_versions.map((one) => one.version).join(", ");
    swap(state, icon("check"), learnt ? m("insights.taken-back", { versions: learnt }) : m(`insights.${reaction}.done`, { pending: answer.pending ?? 0 }));
    ask("changed");
  });

  for (const [name, mark] of [["like", "heart"], ["done", "check"], ["dismiss", "close"]]) {
    buttons[name] = button(m(`insights.${name}`), () => react(name), { kind: "chip", mark, "aria-pressed": "false" });
  }
  const box = h("article", { class: "insight", data: { insight: insight.id } },
    badge(labelName(insight.direction)), h("h4", {}, insight.title), h("p", {}, insight.body),
    h("ul", { class: "steps" }, insight.actions.map((action) => h("li", {}, action))),
    h("p", { class: "why" }, icon("bulb"), h("span", {}, h("strong", {}, m("insights.why")), insight.why)),
    thought.kept && h("div", { class: "chips" }, Object.values(buttons)), state, problems.slot);
  return box;
}

export function insightsScreen() {
  const thought = textBox("insight-text", 2, { placeholder: m("insights.placeholder") });
  const { box } = thought;
  const problems = problemSlot();
  const result = h("div", { id: "insight-result", class: "result-slot", "aria-live": "polite" });
  const earlier = h("details", { class: "earlier" }, h("summary", {}, m("insights.earlier")));
  const list = h("div", {});
  earlier.append(list);

  async function forget(id, caller) {
    await attempt(caller, problems, async () => {
      const gone = await remove(`/v1/insights/${id}`);
      const versions = gone.affected_versions.map((one) => one.version).join(", ");
      swap(result, empty("check", versions ? m("insights.forgotten-learnt", { versions }) : m("insights.forgotten")));
      ask("changed");
      if (earlier.open) await showEarlier();
    });
  }

  function shown(answer) {
    if (answer.help) return helpCard(answer.help);
    const foot = answer.kept
      ? button(m("insights.forget"), (event) => forget(answer.id, event.currentTarget), { kind: "small", mark: "trash" })
      : h("div", { class: "note" }, h("p", {}, m("insights.not-kept")), button(m("problem.open-consent"), () => ask("consent"), { kind: "small" }));
    return h("div", { class: "insight-answer" }, analysis(answer),
      answer.goal && h("p", { class: "note" }, icon("check"), m("insights.goal", { text: answer.goal.text })),
      answer.message && h("p", {}, answer.message),
      answer.insights.map((insight) => insightCard(answer, insight)),
      h("div", { class: "result-foot" }, answer.version !== null && versionBadge(answer.version), foot));
  }

  async function tell() {
    await attempt(send, problems, async () => {
      swap(result, shown(await post("/v1/insights", { text: written(box) })));
      intoView(result);
      if (earlier.open) await showEarlier();
    });
  }

  async function showEarlier() {
    const page = await get("/v1/insights?limit=20");
    swap(list, page.items.length === 0 && empty("bulb", m("insights.none-earlier")),
      h("ul", { class: "rows" }, page.items.map((one) => h("li", {},
        h("div", { class: "grow" }, h("p", {}, one.text), h("p", { class: "muted" }, labelName(one.direction), " · ", moment(one.at))),
        button(m("common.delete"), (event) => forget(one.id, event.currentTarget), { kind: "small icon-only", mark: "trash", "aria-label": m("insights.delete", { text: one.text }) })))));
  }

  const send = button(m("insights.ask"), tell, { kind: "primary", id: "insight-ask", mark: "send" });
  sendOnEnter(box, tell);
  earlier.addEventListener("toggle", () => earlier.open && showEarlier().catch(problems.show));
  const welcome = () => h("div", {}, empty("bulb", m("insights.empty")), h("div", { class: "chips center" }, EXAMPLES.map((text) => button(text, () => {
    fill(box, text);
    tell();
  }, { kind: "chip", lang: "zh-CN" }))));
  swap(result, welcome());
  onAsk("erased", () => {
    fill(box, "");
    earlier.open = false;
    swap(list);
    swap(result, welcome());
  });
  return h("div", { class: "screen" }, h("h3", {}, m("insights.title")), labelled(m("insights.text"), thought),
    h("div", { class: "actions end" }, send), problems.slot, result, earlier);
}
