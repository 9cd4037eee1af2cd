/** What the user's corrections left on the device, and its deletion. */

import { remove } from "../api.js";
import { catchFocus, h, lazy, swap } from "../dom.js";
import { moment, ranges } from "../format.js";
import { labelName, m, named, t, taskName } from "../i18n.js";
import { badge, button, card, dialog, dialogActions, empty, field, fillSelect } from "../parts.js";
import { attempt, problemSlot } from "../problems.js";
import { ask, onAsk, refresh, value, watch } from "../store.js";
import { first, reader, whileSeen } from "./reading.js";
import { hide, rows } from "./rows.js";

const PAGE = 50;
const THEN = ["keep", "retrain", "destroy"];
const EVERY_TASK = "*";

const learntBy = (key, { learned_by: versions }) => lazy(() => t(versions.length === 1 ? key : `${key}-several`, { versions: ranges(versions) }));

const textOf = (sample) => h("span", { class: "sample-text" }, sample.text ?? h("em", { class: "muted" }, m("samples.no-text")));

/** Asks what becomes of versions that learnt from what is deleted; resolves to the choice, or to nothing. */
function askThen(title, ...about) {
  return dialog(title, (form, close) => {
    const radios = THEN.map((then, index) => {
      const input = h("input", { type: "radio", name: "then", value: then, id: `then-${then}`, checked: index === 0 });
      return h("div", { class: "radio" }, input, h("label", { for: input.id }, m(`samples.then.${then}`)));
    });
    form.append(
      ...about,
      h("fieldset", {}, h("legend", {}, m("samples.then")), ...radios),
      dialogActions(button(m("common.delete"), () => close(form.elements.then.value), { kind: "danger", id: "delete-confirm" })));
  });
}

export function samplesCard() {
  const problems = problemSlot();
  const filter = h("select", { id: "samples-task", on: { change: () => begin() } });
  const list = h("ul", { class: "rows", id: "samples-list" });
  const show = rows(list, (sample) => sample.id, row);
  const total = h("p", { class: "muted", role: "status" });
  const none = empty("list", m("samples.none"));
  let count = PAGE;
  let told;
  none.hidden = true;

  const { load, anew, slot } = reader(async (signal) => {
    const task = filter.value === EVERY_TASK || !filter.value ? "" : `task=${encodeURIComponent(filter.value)}&`;
    const found = await first(count, `/v1/samples?${task}`, signal);
    show(found.items);
    none.hidden = found.items.length > 0;
    hide(more, !found.further, list);
    if (told !== found.total) swap(total, m("samples.total", { total: found.total })); // It would be read out again.
    told = found.total;
  }, () => {
    none.hidden = true;
  });

  /** What was shown is of another task, or of nobody any more. */
  function begin() {
    count = PAGE;
    told = undefined;
    none.hidden = more.hidden = true;
    show([]);
    swap(total);
    problems.clear();
    return anew();
  }

  async function erase(caller, path, then) {
    await attempt(caller, problems, async () => {
      await remove(`${path}?then=${then}`);
      await Promise.all([anew(), refresh("samples", "updates", "models")]);
      catchFocus(total);
      ask("changed");
    });
  }

  async function deleteOne(event, sample) {
    const caller = event.currentTarget;
    const then = sample.learned_by.length
      ? await askThen(m("samples.delete-one", { id: sample.id }), h("p", {}, textOf(sample)), h("p", {}, learntBy("samples.learnt", sample)))
      : "keep";
    if (then) await erase(caller, `/v1/samples/${sample.id}`, then);
  }

  function row(sample) {
    return h("li", { data: { sample: sample.id, state: sample.state } },
      h("div", { class: "grow" }, h("p", {}, textOf(sample), " ", badge(labelName(sample.label))),
        h("p", { class: "muted" }, taskName(sample.task), " · ", named("source", sample.source), " · ", moment(sample.created_at),
          sample.learned_by.length > 0 && [" · ", learntBy("samples.learnt-by", sample)])),
      // Which versions learnt from it says that it was learnt from.
      !(sample.state === "used" && sample.learned_by.length) && badge(named("sample", sample.state), sample.state === "new" ? "live" : ""),
      button(m("common.delete"), (event) => deleteOne(event, sample), { kind: "small icon-only", mark: "trash", "aria-label": m("samples.delete-one", { id: sample.id }), data: { key: `delete-${sample.id}` } }));
  }

  const more = button(m("common.more"), () => {
    count += PAGE;
    return load();
  }, { kind: "small", hidden: true });
  const deleteAll = button(m("samples.delete-all"), async () => {
    const then = await askThen(m("samples.delete-all"), h("p", {}, m("samples.all-learnt", { total: value("samples") })));
    if (then) await erase(deleteAll, "/v1/samples", then);
  }, { kind: "small danger", id: "samples-delete-all", mark: "trash", disabled: true });
  watch("samples", (all) => {
    deleteAll.disabled = all === 0;
  });
  watch("models", (models) => fillSelect(filter, [[EVERY_TASK, m("samples.every-task")], ...models.filter((one) => one.updatable).map((one) => [one.task, taskName(one.task)])], EVERY_TASK));
  for (const key of ["samples", "updates"]) watch(key, load);
  onAsk("changed", load);
  onAsk("erased", begin);
  return whileSeen(card("samples", m("samples.title"), h("div", { class: "inline" }, field(m("samples.task"), filter), deleteAll), total, slot, problems.slot, none, list, more), load);
}
