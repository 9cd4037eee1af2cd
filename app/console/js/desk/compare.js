/** One sentence, two versions, side by side. */

import { get, post } from "../api.js";
import { h, swap } from "../dom.js";
import { m, labelName, taskName } from "../i18n.js";
import { bars, button, card, empty, field, fillSelect } from "../parts.js";
import { attempt, problemSlot } from "../problems.js";
import { onAsk, watch } from "../store.js";
import { fill, labelled, sendOnEnter, textBox, written } from "../texts.js";
import { reader, whileSeen } from "./reading.js";

export function compareCard() {
  const problems = problemSlot();
  const task = h("select", { id: "compare-task", on: { change: () => begin() } });
  const versions = [h("select", { id: "compare-one" }), h("select", { id: "compare-other" })];
  const sentence = textBox("compare-text", 2, { placeholder: m("write.placeholder") });
  const { box } = sentence;
  const result = h("div", { class: "comparison", id: "comparison", "aria-live": "polite" });

  // What the user has not chosen is the bundle's own head beside the newest one.
  const chosen = new Set();
  versions.forEach((one, index) => one.addEventListener("change", () => chosen.add(`${task.value} ${index}`)));

  let known = null;
  let turn = 0;

  const { load, anew, slot } = reader(async (signal) => {
    if (!task.value) return;
    const lineage = await get(`/v1/models/${encodeURIComponent(task.value)}/versions`, { signal });
    signal.throwIfAborted();
    const options = lineage.versions.filter((one) => one.servable).map((one) => [one.number, m(one.active ? "versions.name-active" : "versions.name", { version: one.number })]);
    for (const [index, first] of [0, options.at(-1)?.[0]].entries()) {
      fillSelect(versions[index], options);
      if (!chosen.has(`${task.value} ${index}`)) versions[index].value = first;
    }
    known = lineage.task;
    usable(true);
  });

  function usable(is) {
    for (const one of [...versions, go]) one.disabled = !is;
  }

  /** What was shown is of another task, or of nobody any more. */
  function begin() {
    known = null;
    turn += 1;
    usable(false);
    problems.clear();
    welcome();
    anew();
  }

  async function compare() {
    if (go.disabled) return;
    await attempt(go, problems, async () => {
      const text = written(box);
      const mine = turn;
      const ask = (version) => post("/v1/predict", { text, task: known, version: Number(version.value) });
      const answers = await Promise.all(versions.map(ask));
      if (mine !== turn) return; // Another task was chosen meanwhile, or all was erased.
      const same = answers[0].label === answers[1].label;
      swap(result, h("p", { class: "note" }, m(same ? "compare.same" : "compare.differ")),
        h("div", { class: "pair" }, answers.map((answer) => h("article", { data: { version: answer.version, label: answer.label } },
          h("h4", {}, m("versions.name", { version: answer.version })), h("p", { class: "result-label" }, labelName(answer.label)), bars(answer.probabilities, answer.label)))));
    });
  }

  const go = button(m("compare.go"), compare, { kind: "primary", id: "compare-go", disabled: true });
  const welcome = () => swap(result, empty("branch", m("compare.empty")));
  sendOnEnter(box, compare);
  welcome();
  watch("models", (models) => {
    fillSelect(task, models.filter((one) => one.updatable && one.kind === "sentence").map((one) => [one.task, taskName(one.task)]), "sentiment");
    load();
  });
  onAsk("changed", load);
  onAsk("erased", () => {
    fill(box, "");
    chosen.clear();
    begin();
  });
  // Later on, what changes is heard of.
  return whileSeen(card("compare", m("compare.title"), field(m("compare.task"), task), labelled(m("compare.text"), sentence),
    h("div", { class: "pair" }, field(m("compare.one"), versions[0]), field(m("compare.other"), versions[1])),
    h("div", { class: "actions" }, go), problems.slot, slot, result), () => known || load());
}
