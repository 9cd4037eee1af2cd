/** What the user's corrections left on the device, and its deletion. */

import { get, remove } from "../api.js";
import { catchFocus, h, swap } from "../dom.js";
import { moment } from "../format.js";
import { labelName, m, named, taskName } from "../i18n.js";
import { badge, button, card, dialog, dialogActions, empty, field, fillSelect } from "../parts.js";
import { attempt, problemSlot } from "../problems.js";
import { ask, onAsk, refresh, watch } from "../store.js";

const PAGE = 50;
const THEN = ["keep", "retrain", "destroy"];

/** Asks what becomes of versions that learnt from what is deleted; resolves to the choice, or to nothing. */
function askThen(title, learnt) {
  return dialog(title, (form, close) => {
    const radios = THEN.map((then, index) => {
      const input = h("input", { type: "radio", name: "then", value: then, id: `then-${then}`, checked: index === 0 });
      return h("div", { class: "radio" }, input, h("label", { for: input.id }, m(`samples.then.${then}`)));
    });
    form.append(
      learnt.length > 0 ? h("p", {}, m("samples.learnt", { versions: learnt.join(", ") })) : h("p", {}, m("samples.all-learnt")),
      h("fieldset", {}, h("legend", {}, m("samples.then")), ...radios),
      dialogActions(button(m("common.delete"), () => close(form.elements.then.value), { kind: "danger", id: "delete-confirm" })));
  });
}

export function samplesCard() {
  const problems = problemSlot();
  const filter = h("select", { id: "samples-task", on: { change: () => load() } });
  const list = h("ul", { class: "rows", id: "samples-list" });
  const total = h("p", { class: "muted", role: "status" });
  let next = null;
  let newest = 0;

  async function load(more = false) {
    const turn = (newest += 1);
    const task = filter.value === "*" || !filter.value ? "" : `&task=${encodeURIComponent(filter.value)}`;
    const page = await get(`/v1/samples?limit=${PAGE}${task}${more && next !== null ? `&after=${next}` : ""}`);
    if (turn !== newest) return;
    next = page.next_after;
    const rows = page.items.map(row);
    if (more) list.append(...rows);
    else swap(list, rows);
    none.hidden = list.childNodes.length > 0;
    moreButton.hidden = next === null;
    deleteAll.disabled = page.total === 0;
    swap(total, m("samples.total", { total: page.total }));
  }

  async function erase(caller, path, then) {
    await attempt(caller, problems, async () => {
      await remove(`${path}?then=${then}`);
      await Promise.all([load(), refresh("samples", "updates", "models")]);
      catchFocus(total);
      ask("changed");
    });
  }

  async function deleteOne(event, sample) {
    const caller = event.currentTarget;
    const then = sample.learned_by.length ? await askThen(m("samples.delete-one", { id: sample.id }), sample.learned_by) : "keep";
    if (then) await erase(caller, `/v1/samples/${sample.id}`, then);
  }

  const row = (sample) => h("li", { data: { sample: sample.id, state: sample.state } },
    h("div", { class: "grow" }, h("p", {}, h("span", { class: "sample-text" }, sample.text ?? h("em", { class: "muted" }, m("samples.no-text"))), " ", badge(labelName(sample.label))),
      h("p", { class: "muted" }, taskName(sample.task), " · ", named("source", sample.source), " · ", moment(sample.created_at),
        sample.learned_by.length > 0 && [" · ", h("span", { class: "whole" }, m("samples.learnt-by", { versions: sample.learned_by.join(", ") }))])),
    // Which versions learnt from it says that it was learnt from.
    !(sample.state === "used" && sample.learned_by.length) && badge(named("sample", sample.state), sample.state === "new" ? "live" : ""),
    button(m("common.delete"), (event) => deleteOne(event, sample), { kind: "small icon-only", mark: "trash", "aria-label": m("samples.delete-one", { id: sample.id }), data: { key: `delete-${sample.id}` } }));

  const none = empty("list", m("samples.none"));
  const moreButton = button(m("common.more"), () => attempt(moreButton, problems, () => load(true)), { kind: "small" });
  const deleteAll = button(m("samples.delete-all"), async () => {
    const then = await askThen(m("samples.delete-all"), []);
    if (then) await erase(deleteAll, "/v1/samples", then);
  }, { kind: "small danger", id: "samples-delete-all", mark: "trash" });
  const quietly = () => load().catch(() => {});
  watch("models", (models) => fillSelect(filter, [["*", m("samples.every-task")], ...models.filter((one) => one.updatable).map((one) => [one.task, taskName(one.task)])], "*"));
  for (const key of ["samples", "updates"]) watch(key, quietly);
  onAsk("changed", quietly);
  return card("samples", m("samples.title"), h("div", { class: "inline" }, field(m("samples.task"), filter), deleteAll), total, problems.slot, none, list, moreButton);
}
