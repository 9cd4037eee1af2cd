/** A task's versions as a timeline, and the way back; candidates that the gate rejected stand among them with the reasons. */

import { get, post } from "../api.js";
import { chart } from "../charts.js";
import { catchFocus, h, swap } from "../dom.js";
import { moment, percent } from "../format.js";
import { m, t, taskName } from "../i18n.js";
import { icon } from "../icons.js";
import { badge, button, card, field, fillSelect, select } from "../parts.js";
import { attempt, problemSlot } from "../problems.js";
import { ask, onAsk, refresh, value, watch } from "../store.js";
import { reader, whileSeen } from "./reading.js";
import { hide, rows } from "./rows.js";
import { figures, reasonsOf } from "./training.js";

const SHOWN = 15;
const STATES = { base: "", trying: "live", good: "good", rejected: "bad", rolled_back: "warn", destroyed: "bad" };
const METRICS = {
  general: (metrics) => metrics.replay_accuracy,
  "held-out": (metrics) => (metrics.held_out ? metrics.held_out_right / metrics.held_out : undefined),
  own: (metrics) => (metrics.samples ? metrics.samples_right / metrics.samples : undefined),
};

function baseFigures(metrics) {
  const rows = Object.entries(metrics).filter(([, figure]) => typeof figure === "number");
  return rows.length > 0 && h("details", {}, h("summary", { data: { key: "base-figures" } }, m("versions.base-figures")),
    h("dl", { class: "facts figures" }, rows.map(([name, figure]) => h("div", {}, h("dt", {}, h("code", {}, name)), h("dd", {}, percent(figure, 1))))));
}

function chartPart() {
  const plot = chart({
    xLabel: m("versions.version"), yLabel: m("versions.metric-share"), points: true, range: (_, low, high) => [Math.max(0, low - 0.05), Math.min(1, high + 0.05)],
    format: (share) => String(percent(share, 1)),
    summary: (xs, ys) => t("versions.chart-summary", { count: xs.length, first: percent(ys[0] ?? 0, 1), last: percent(ys.at(-1) ?? 0, 1) }),
  });
  let shown = [];
  const metric = select(Object.keys(METRICS).map((name) => [name, m(`metric.${name}`)]), { id: "versions-metric", on: { change: () => draw(shown) } });

  function draw(versions) {
    shown = versions;
    // The bundle's own head was measured on the same yardstick, beside its first successor.
    const base = metric.value === "general" ? versions.find((one) => one.metrics.replay_accuracy_base)?.metrics.replay_accuracy_base : undefined;
    const published = versions.filter((one) => one.state !== "rejected");
    const points = published.map((one) => [one.number, one.number === 0 ? base : METRICS[metric.value](one.metrics)]).filter(([, y]) => typeof y === "number");
    plot.set(points.map(([x]) => x), points.map(([, y]) => y));
    part.hidden = published.length < 2;
  }
  const part = h("div", { class: "versions-chart", hidden: true }, field(m("versions.metric"), metric), plot.element);
  return { part, draw };
}

function origin(version) {
  if (version.number === 0) return m("versions.base", { bundle: version.bundle });
  const from = version.state === "rejected" ? "versions.candidate" : "versions.from";
  return [m(from, { parent: version.parent ?? "–", samples: version.sample_count }), " · ", moment(version.created_at)];
}

function versionRow({ version, task, active, serving, reasons }, move) {
  const { number } = version;
  const go = number < active ? "rollback-to" : "activate";
  const act = !version.active && version.servable && button(m(`versions.${go}`, { version: number }), (event) => move(event, task, number < active ? "rollback" : "activate", number), { kind: "small", mark: number < active ? "back" : "check", data: { key: `go-${number}` } });
  return h("li", { class: `version ${version.active ? "active" : version.servable ? "" : "fallen"}`, data: { version: number, state: version.state }, ...(version.active && { "aria-current": "true" }) },
    !version.servable && icon("close"), h("div", { class: "version-head" }, h("h4", {}, m("versions.name", { version: number })), badge(m(`state.${version.state}`), STATES[version.state] ?? ""),
      number === serving && h("span", { class: "answers" }, icon("check"), m("versions.active"))),
    h("p", { class: "muted" }, origin(version)), version.state === "rejected" && reasonsOf(reasons),
    !version.servable && version.state !== "rejected" && h("p", { class: "hint" }, m("versions.not-servable")),
    number === 0 ? baseFigures(version.metrics) : figures(version.metrics), act && h("div", { class: "actions" }, act));
}

export function versionsCard() {
  const problems = problemSlot();
  const task = h("select", { id: "versions-task", on: { change: () => begin() } });
  const list = h("ol", { class: "timeline", id: "timeline" });
  const showRows = rows(list, (row) => row.version.number, (row) => versionRow(row, move));
  const done = h("p", { class: "saved", role: "status" });
  const plot = chartPart();
  let lineage = null;
  let shown = SHOWN;
  let moved = "";
  const reasons = new Map();

  const { load, anew, slot } = reader(async (signal) => {
    if (!task.value) return;
    const found = await get(`/v1/models/${encodeURIComponent(task.value)}/versions`, { signal });
    await readReasons(found, signal);
    signal.throwIfAborted();
    lineage = found;
    show();
  });

  const reasonsFor = (id) => value("updates")?.find((update) => update.id === id)?.reasons ?? reasons.get(id);

  /** Why candidates were rejected, of those that are shown: what the store holds are only the newest updates. */
  async function readReasons({ versions }, signal) {
    const unknown = versions.slice(-shown).filter((one) => one.state === "rejected" && one.update_id !== null && !reasonsFor(one.update_id));
    await Promise.all(unknown.map(async ({ update_id: id }) => {
      try {
        const update = await get(`/v1/updates/${encodeURIComponent(id)}`, { signal });
        signal.throwIfAborted();
        reasons.set(id, update.reasons);
      } catch (error) {
        if (error.status !== 404) throw error;
        reasons.set(id, []);
      }
    }));
  }

  /** What was shown is of another task, or of nobody any more. */
  function begin() {
    lineage = null;
    shown = SHOWN;
    more.hidden = plot.part.hidden = true;
    parent.disabled = base.disabled = true;
    problems.clear();
    swap(done);
    showRows([]);
    anew();
  }

  async function move(event, of, how, number) {
    await attempt(event.currentTarget, problems, async () => {
      const target = how === "activate" ? { version: number } : number === null ? {} : { to: number };
      const change = await post(`/v1/models/${encodeURIComponent(of)}/${how}`, target);
      moved = `${change.task} ${change.version}`;
      if (of === task.value) swap(done, icon("check"), m("versions.moved", { version: change.version, previous: change.previous }));
      await refresh("models");
      await anew(); // What is being read may be older.
      catchFocus(done);
      ask("changed");
    });
  }

  function show() {
    const { versions, active } = lineage;
    if (moved !== `${lineage.task} ${active}`) swap(done); // It is no longer so.
    // While the device is degraded an ancestor of the active version answers.
    const model = value("models")?.find((one) => one.task === lineage.task && one.version !== one.serving);
    const serving = model?.serving ?? active;
    hide(more, versions.length <= shown, list);
    showRows(versions.slice(-shown).reverse().map((version) => ({ version, task: lineage.task, active, serving, reasons: reasonsFor(version.update_id) ?? [] })));
    plot.draw(versions);
    parent.disabled = base.disabled = active === 0;
  }

  const parent = button(m("versions.to-parent"), (event) => move(event, lineage.task, "rollback", null), { kind: "primary", id: "rollback-parent", mark: "back", disabled: true });
  const more = button(m("common.more"), () => {
    shown += SHOWN;
    return load();
  }, { kind: "small", hidden: true });
  const base = button(m("versions.to-base"), (event) => move(event, lineage.task, "rollback", 0), { id: "rollback-base", disabled: true });
  watch("models", (models) => {
    fillSelect(task, models.filter((one) => one.updatable).map((one) => [one.task, taskName(one.task)]), "sentiment");
    load();
  });
  watch("updates", load);
  onAsk("changed", load);
  onAsk("erased", () => {
    reasons.clear();
    moved = "";
    begin();
  });
  // Later on, what changes is heard of.
  return whileSeen(card("versions", m("versions.title"), field(m("versions.task"), task),
    h("div", { class: "actions ways-back" }, parent, base), done, problems.slot, slot, plot.part, list, more), () => lineage || load());
}
