/** Write, see what the model takes it for, and put it right with a tap. */

import { get, inTurn, post, remove } from "../api.js";
import { attribute, h, intoView, swap } from "../dom.js";
import { number, percent } from "../format.js";
import { labelName, m, named, taskName } from "../i18n.js";
import { icon } from "../icons.js";
import { bars, button, empty, field, fillSelect, versionBadge } from "../parts.js";
import { attempt, problemSlot } from "../problems.js";
import { ask, onAsk, value, watch } from "../store.js";
import { asWritten, fill, labelled, sendOnEnter, textBox, written } from "../texts.js";
import { untilErased } from "./underway.js";

const EXAMPLES = ["今天又要加班到很晚", "终于学会了游泳", "我希望提升我的演讲能力"];
const KEPT = 6;

/**
 * A tap on the right label is the feedback on a text that was taken for something; `saved(answer, label)` is told. The last
 * tap counts: what an earlier one left is taken back, unless it was learnt meanwhile.
 */
export function corrector({ id, task, text }, labels, saved) {
  const problems = problemSlot();
  const state = h("p", { class: "saved", role: "status" });
  let about = { prediction_id: id };
  let kept = null;
  let wanted = null;

  function show() {
    for (const chip of group.children) {
      const { label } = chip.dataset;
      attribute(chip, "aria-pressed", String(label === kept?.label));
      attribute(chip, "aria-busy", label === wanted && label !== kept?.label && "true");
    }
  }

  /** The sample of the tap before, if it is still there. */
  async function before() {
    if (kept === null) return undefined;
    const page = await get(`/v1/samples?task=${encodeURIComponent(task)}&after=${kept.sample_id - 1}&limit=1`);
    return page.items.find((one) => one.id === kept.sample_id);
  }

  async function store(label) {
    try {
      return await post("/v1/feedback", { ...about, label });
    } catch (problem) {
      if (problem.code !== "unknown-prediction") throw problem;
      about = { text, task };
      return post("/v1/feedback", { ...about, label });
    }
  }

  async function settle() {
    const label = wanted;
    try {
      const earlier = await before();
      if (earlier?.label === label) return;
      if (earlier?.state === "new") {
        await remove(`/v1/samples/${earlier.id}`);
        kept = null;
        about = { text, task }; // With a sample the device forgets what it said of its text.
      }
      const answer = await store(label);
      kept = { ...answer, label };
      swap(state, icon("check"), m("write.saved", { pending: answer.pending }));
      intoView(state);
      ask("changed");
      saved?.(answer, label);
    } catch (problem) {
      if (wanted === label) wanted = kept?.label ?? null;
      throw problem;
    } finally {
      show();
    }
  }

  const tap = (label) => {
    wanted = label;
    show();
    return attempt(null, problems, () => inTurn(`feedback ${id}`, settle));
  };
  const group = h("div", { class: "chips", role: "group", "aria-label": m("write.right-label") },
    labels.map((label) => button(labelName(label), () => tap(label), { kind: "chip", "aria-pressed": "false", data: { label } })));
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
  return h("p", { class: "marked", ...asWritten(text) }, ...pieces, points.slice(at).join(""));
}

function foot(prediction) {
  return h("p", { class: "result-foot" }, versionBadge(prediction.version), h("span", {}, m("write.took", { ms: number(prediction.elapsed_ms, 1) })));
}

function entitiesCard(text, prediction) {
  const found = prediction.entities.map((entity) =>
    h("li", {}, h("strong", asWritten(entity.text), entity.text), ` ${named("entity", entity.type)} `, h("span", { class: "muted" }, percent(entity.probability))));
  return h("article", { class: "result" },
    h("h4", {}, m(found.length ? "write.entities" : "write.no-entities")), marked(text, prediction.entities),
    found.length > 0 && h("ul", { class: "plain" }, found), foot(prediction));
}

function labelCard(text, prediction, model, saved) {
  return h("article", { class: "result", data: { label: prediction.label, version: prediction.version } },
    h("p", { class: "result-label" }, labelName(prediction.label), " ", h("span", { class: "share" }, percent(prediction.probabilities[prediction.label]))),
    bars(prediction.probabilities, prediction.label), foot(prediction),
    model?.updatable
      ? h("div", { class: "correct" }, h("h4", {}, m("write.correct")), corrector({ ...prediction, text }, model.labels, saved))
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
    const row = h("li", {}, h("span", { class: "history-text", ...asWritten(text) }, text), h("span", { class: "muted" }, said), corrected, versionBadge(prediction.version));
    history.prepend(row);
    while (history.children.length > KEPT) history.lastChild.remove();
    past.hidden = false;
    return (answer, label) => swap(corrected, icon("check"), labelName(label));
  }

  async function predict() {
    await attempt(send, problems, () => untilErased(async (signal) => {
      const said = written(box);
      const prediction = await post("/v1/predict", { text: said, task: task.value }, { signal });
      const model = value("models")?.find((one) => one.task === prediction.task);
      const corrected = remember(said, prediction);
      swap(result, prediction.entities ? entitiesCard(said, prediction) : labelCard(said, prediction, model, corrected));
      intoView(result);
      const share = prediction.label && percent(prediction.probabilities[prediction.label]);
      swap(spoken, prediction.label
        ? m("write.spoken", { label: labelName(prediction.label), share, version: prediction.version })
        : m("write.count", { count: prediction.entities.length }));
    }));
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
    problems.clear();
    swap(spoken);
    swap(result, welcome());
    swap(history);
    past.hidden = true;
  });
  return h("div", { class: "screen" },
    h("h3", { tabindex: "-1" }, m("write.title")), field(m("write.task"), task), labelled(m("write.text"), text),
    h("div", { class: "actions end" }, send), problems.slot, spoken, result, past);
}
