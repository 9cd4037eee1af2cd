/** Write, see what the model takes it for, and put it right with a tap. */

import { post } from "../api.js";
import { h, intoView, swap } from "../dom.js";
import { number, percent } from "../format.js";
import { labelName, m, named, taskName } from "../i18n.js";
import { icon } from "../icons.js";
import { bars, button, empty, field, fillSelect, versionBadge } from "../parts.js";
import { attempt, problemSlot } from "../problems.js";
import { ask, onAsk, value, watch } from "../store.js";
import { fill, labelled, sendOnEnter, textBox, written } from "../texts.js";

const EXAMPLES = ["今天又要加班到很晚", "终于学会了游泳", "我希望提升我的演讲能力"];
const KEPT = 6;

/** A tap on the right label is the feedback; `saved(answer, label)` is told. */
export function corrector(prediction, labels, saved) {
  const problems = problemSlot();
  const state = h("p", { class: "saved", role: "status" });
  const group = h("div", { class: "chips", role: "group", "aria-label": m("write.right-label") });
  for (const label of labels) {
    const chip = button(labelName(label), () => attempt(chip, problems, async () => {
      const answer = await post("/v1/feedback", { prediction_id: prediction.id, label });
      for (const other of group.children) other.setAttribute("aria-pressed", String(other === chip));
      swap(state, icon("check"), m("write.saved", { pending: answer.pending }));
      intoView(state);
      ask("changed");
      saved?.(answer, label);
    }), { kind: "chip", "aria-pressed": "false", data: { label } });
    group.append(chip);
  }
  return h("div", { class: "corrector" }, group, state, problems.slot);
}

function marked(text, entities) {
  const points = [...text];
  const pieces = [];
  let at = 0;
  for (const entity of entities) {
    const found = h("mark", {}, points.slice(entity.start, entity.end).join(""), h("small", {}, named("entity", entity.type)));
    pieces.push(points.slice(at, entity.start).join(""), found);
    at = entity.end;
  }
  return h("p", { class: "marked" }, ...pieces, points.slice(at).join(""));
}

function foot(prediction) {
  return h("p", { class: "result-foot" }, versionBadge(prediction.version), h("span", {}, m("write.took", { ms: number(prediction.elapsed_ms, 1) })));
}

function entitiesCard(text, prediction) {
  const found = prediction.entities.map((entity) =>
    h("li", {}, h("strong", {}, entity.text), ` ${named("entity", entity.type)} `, h("span", { class: "muted" }, percent(entity.probability))));
  return h("article", { class: "result" },
    h("h4", {}, m(found.length ? "write.entities" : "write.no-entities")), marked(text, prediction.entities),
    found.length > 0 && h("ul", { class: "plain" }, found), foot(prediction));
}

function labelCard(prediction, model, saved) {
  return h("article", { class: "result", data: { label: prediction.label, version: prediction.version } },
    h("p", { class: "result-label" }, labelName(prediction.label), " ", h("span", { class: "share" }, percent(prediction.probabilities[prediction.label]))),
    bars(prediction.probabilities, prediction.label), foot(prediction),
    model?.updatable
      ? h("div", { class: "correct" }, h("h4", {}, m("write.correct")), corrector(prediction, model.labels, saved))
      : h("p", { class: "hint" }, m("write.fixed")));
}

export function writeScreen() {
  const task = h("select", { id: "write-task" });
  const text = textBox("write-text", 2, { placeholder: m("write.placeholder") });
  const { box } = text;
  const problems = problemSlot();
  const result = h("div", { class: "result-slot", id: "prediction" });
  const spoken = h("p", { class: "visually-hidden", role: "status" });
  const history = h("ul", { class: "history" });
  const past = h("section", { hidden: true, "aria-label": m("write.history") }, h("h4", {}, m("write.history")), history);

  function remember(text, prediction) {
    const corrected = h("span", { class: "corrected" });
    const said = prediction.label ? labelName(prediction.label) : m("write.count", { count: prediction.entities.length });
    const row = h("li", {}, h("span", { class: "history-text" }, text), h("span", { class: "muted" }, said), corrected, versionBadge(prediction.version));
    history.prepend(row);
    while (history.children.length > KEPT) history.lastChild.remove();
    past.hidden = false;
    return (answer, label) => swap(corrected, icon("check"), labelName(label));
  }

  async function predict() {
    await attempt(send, problems, async () => {
      const said = written(box);
      const prediction = await post("/v1/predict", { text: said, task: task.value });
      const model = value("models")?.find((one) => one.task === prediction.task);
      const corrected = remember(said, prediction);
      swap(result, prediction.entities ? entitiesCard(said, prediction) : labelCard(prediction, model, corrected));
      intoView(result);
      const share = prediction.label && percent(prediction.probabilities[prediction.label]);
      swap(spoken, prediction.label
        ? m("write.spoken", { label: labelName(prediction.label), share, version: prediction.version })
        : m("write.count", { count: prediction.entities.length }));
    });
  }

  const send = button(m("write.predict"), predict, { kind: "primary", id: "write-predict", mark: "send" });
  sendOnEnter(box, predict);
  const examples = h("div", { class: "chips center" }, EXAMPLES.map((example) => button(example, () => {
    fill(box, example);
    predict();
  }, { kind: "chip", lang: "zh-CN" })));
  const welcome = () => h("div", {}, empty("write", m("write.empty")), examples);
  swap(result, welcome());
  watch("models", (models) => fillSelect(task, models.map((one) => [one.task, taskName(one.task)]).sort(
    ([one], [other]) => (other === "sentiment") - (one === "sentiment")), "sentiment"));
  onAsk("erased", () => {
    fill(box, "");
    swap(result, welcome());
    swap(history);
    past.hidden = true;
  });
  return h("div", { class: "screen" },
    h("h3", { tabindex: "-1" }, m("write.title")), field(m("write.task"), task), labelled(m("write.text"), text),
    h("div", { class: "actions end" }, send), problems.slot, spoken, result, past);
}
