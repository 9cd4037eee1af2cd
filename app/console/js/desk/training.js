/** Train now, watch the loss fall as it comes over the event stream, stop it, and see what came of it. */

import { inTurn, post } from "../api.js";
import { chart } from "../charts.js";
import { h, swap } from "../dom.js";
import { exactMoment, moment, number, percent } from "../format.js";
import { m, t, taskName } from "../i18n.js";
import { badge, button, card, empty, field, fillSelect, toggle } from "../parts.js";
import { attempt, problemSlot } from "../problems.js";
import { reason } from "../reasons.js";
import { ask, onAsk, refresh, value, watch } from "../store.js";
import { follow } from "./following.js";
import { parameterFields } from "./parameters.js";
import { first, reader, whileSeen } from "./reading.js";
import { hide, rows } from "./rows.js";

const PAGE = 6;

const KINDS = { published: "good", rejected: "bad", failed: "bad", completed: "good", running: "live", cancelling: "live" };

/** What became of an update, in one word. */
export const outcome = (update) => badge(m(`update.${update.outcome ?? update.state}`), KINDS[update.outcome ?? update.state] ?? "");

export function figures(metrics) {
  const rows = [];
  const share = (name, right, of, before) => {
    if (!metrics[of]) return;
    const change = typeof metrics[before] === "number" ? `${metrics[before]} → ${metrics[right]}` : metrics[right];
    rows.push([name, m("metric.right", { right: change, count: metrics[of] })]);
  };
  share("metric.own", "samples_right", "samples", "samples_right_before");
  share("metric.held-out", "held_out_right", "held_out", "held_out_right_before");
  if (typeof metrics.replay_accuracy === "number") {
    rows.push(["metric.general", [percent(metrics.replay_accuracy_before ?? metrics.replay_accuracy_base, 1), " → ", percent(metrics.replay_accuracy, 1)]]);
  }
  return rows.length > 0 && h("dl", { class: "facts figures" }, rows.map(([name, said]) => h("div", {}, h("dt", {}, m(name)), h("dd", {}, said))));
}

export const reasonsOf = (reasons) => reasons.length > 0 && h("ul", { class: "reasons" }, reasons.map((one) => h("li", {}, reason(one))));

function runPart() {
  const problems = problemSlot();
  const head = h("div", { class: "run-head" });
  const bar = h("progress", { max: 1, value: 0, "aria-label": m("update.progress") });
  const epoch = h("span", { class: "muted" });
  const ended = h("div", { class: "run-end" });
  const spoken = h("p", { class: "visually-hidden", role: "status" });
  const loss = chart({
    xLabel: m("update.epoch"), yLabel: m("update.loss"), format: (value) => Number(value).toFixed(3),
    summary: (xs, ys) => t("update.loss-summary", { epochs: xs.at(-1) ?? 0, first: ys[0]?.toFixed(3), last: ys.at(-1)?.toFixed(3) }),
  });
  const cancel = button(m("update.cancel"), () => attempt(cancel, problems, () => post(`/v1/updates/${cancel.dataset.update}/cancel`)), { kind: "small", id: "update-cancel", mark: "close" });
  const part = h("div", { class: "run", id: "run", hidden: true }, head, h("div", { class: "run-bar" }, bar, epoch, cancel), loss.element, ended, spoken, problems.slot);

  function begin(update) {
    part.hidden = false;
    part.dataset.update = update.id;
    cancel.dataset.update = update.id;
    problems.clear();
    swap(ended);
    swap(epoch);
    loss.set([], []);
    bar.value = 0;
    bar.hidden = false;
    bar.max = update.parameters.epochs ?? 1;
    show(update);
  }

  function show(update) {
    const running = update.outcome === null && ["running", "suspended", "cancelling"].includes(update.state);
    part.dataset.state = update.outcome ?? update.state;
    swap(head, h("h4", {}, m("update.of", { task: taskName(update.task) })), outcome(update));
    hide(cancel, !running, head);
    if (running) return;
    swap(ended, update.outcome === "published" && h("p", { class: "note" }, m("update.published-as", { version: update.version })), reasonsOf(update.reasons), figures(update.metrics));
  }

  function epochs(xs, ys) {
    bar.value = xs.length;
    swap(epoch, m("update.epochs", { epoch: xs.length, epochs: bar.max, loss: number(ys.at(-1) ?? 0) }));
    loss.set(xs, ys);
  }

  function finish(update, seen) {
    show(update);
    bar.hidden = bar.value === 0; // what was imported has no events
    if (seen) swap(spoken, m(`update.${update.outcome ?? update.state}.said`, { task: taskName(update.task), version: update.version ?? "" }));
  }
  return { part, begin, epochs, finish, problems };
}

function recentPart(open, further) {
  const list = h("ul", { class: "rows" });
  const showRows = rows(list, (update) => update.id, (update) => h("li", { data: { update: update.id } },
    h("div", { class: "grow" }, h("p", {}, taskName(update.task), " ", outcome(update), update.outcome === "published" && [" ", m("versions.name", { version: update.version })]),
      h("p", { class: "muted" }, moment(update.created_at), " · ", m(`trigger.${update.trigger}`)), reasonsOf(update.reasons)),
    button(m("update.curve"), () => open(update), { kind: "small", data: { key: `curve-${update.id}` }, "aria-label": m("update.curve-of", { at: exactMoment(update.created_at) }) })));
  const more = button(m("common.more"), further, { kind: "small", hidden: true });
  const part = h("section", { class: "recent", "aria-label": m("update.recent"), hidden: true }, h("h4", {}, m("update.recent")), list, more);

  function show(updates, isMore) {
    part.hidden = updates.length === 0;
    showRows(updates.map(({ progress, ...rest }) => rest)); // An epoch more is no other row.
    hide(more, !isMore, list);
  }
  return { part, show };
}

export function trainingCard() {
  const problems = problemSlot();
  const task = h("select", { id: "train-task" });
  const force = toggle("train-force", m("train.force"), null, { hint: m("train.force.hint") });
  const parameters = parameterFields("train", () => start.click());
  const run = runPart();
  const none = empty("chip", m("update.none"));
  const recent = recentPart((update) => watchRun(update, false), () => {
    count += PAGE;
    return load();
  });
  let newest = null;
  let current = null;
  let count = PAGE;
  let known = false;
  none.hidden = true;

  const { load, anew, slot } = reader(async (signal) => {
    const { items, further } = await first(count, "/v1/updates?", signal);
    known = true;
    recent.show(items, further);
    newUpdates(items);
  }, () => {
    none.hidden = true;
    known = false;
  });

  async function watchRun(update, live) {
    current?.abort();
    current = new AbortController();
    none.hidden = true;
    if (live) problems.clear();
    run.begin(update);
    try {
      const last = await follow(update.id, current.signal, run.epochs);
      run.finish(last, live);
      await refresh("updates", "models");
      ask("changed");
    } catch (error) {
      if (error.name !== "AbortError") run.problems.show(error);
    }
  }

  function forget() {
    current?.abort();
    newest = null;
    run.part.hidden = true;
  }

  function newUpdates(updates) {
    none.hidden = updates.length > 0;
    if (updates.length === 0) {
      forget();
      return;
    }
    if (updates[0].id === newest) return;
    const live = newest !== null || updates[0].state === "running";
    newest = updates[0].id;
    watchRun(updates[0], live);
  }

  const start = button(m("train.now"), () => attempt(start, problems, async () => {
    const wanted = { task: task.value, force: force.input.checked, parameters: parameters.read() };
    // After the conditions that were set before.
    const update = await inTurn("device", () => post("/v1/updates", wanted));
    newest = update.id;
    watchRun(update, true);
    anew();
    refresh("updates");
  }), { kind: "primary", id: "train-now", mark: "bolt" });
  const allow = () => parameters.allow(value("models")?.find((one) => one.task === task.value)?.parameters ?? null);
  task.addEventListener("change", allow);
  watch("models", (models) => {
    fillSelect(task, models.filter((one) => one.updatable).map((one) => [one.task, taskName(one.task)]), "sentiment");
    allow();
  });
  watch("updates", load);
  onAsk("erased", () => {
    forget();
    count = PAGE;
    known = false;
    none.hidden = true;
    recent.show([], false);
    anew();
  });
  // Later on, what changes is heard of.
  return whileSeen(card("training", m("train.title"),
    h("div", { class: "inline" }, field(m("train.task"), task), start), force.row, parameters.element, problems.slot, slot, none, run.part, recent.part), () => known || load());
}
