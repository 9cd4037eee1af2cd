/** When the device trains by itself: what it waits for, what it decided last and why, and the policy. */

import { inTurn, post, put } from "../api.js";
import { h, swap } from "../dom.js";
import { duration, exactMoment, percent } from "../format.js";
import { m, taskName } from "../i18n.js";
import { icon } from "../icons.js";
import { badge, button, card, field, select, toggle } from "../parts.js";
import { attempt, problemSlot } from "../problems.js";
import { reason } from "../reasons.js";
import { accept, expect, onAsk, refresh, value, watch } from "../store.js";

const HEAT = ["nominal", "fair", "serious", "critical"];
const AFTER = ["keep", "keep_features", "delete"];

/** As it is written, without what binary fractions add. */
const shareAsPercent = (share) => Number((share * 100).toFixed(6));

function pendingList() {
  const list = h("ul", { class: "pending" });
  watch("schedule", ({ pending, policy: { min_new_samples: needed } }) => swap(list, Object.entries(pending).map(([task, count]) => {
    const meter = h("progress", { max: needed, value: Math.min(count, needed), "aria-label": m("schedule.pending-of", { task: taskName(task) }) });
    return h("li", { data: { task, pending: count } }, h("span", {}, taskName(task)), meter,
      h("span", { class: "value" }, m(count >= needed ? "schedule.enough" : "schedule.left", { count, needed, left: needed - count })));
  })));
  return list;
}

function decisionPart() {
  const part = h("div", { class: "decision", role: "status" });
  let shown;
  watch("schedule", ({ last_decision: decision }) => {
    if (shown === (shown = JSON.stringify(decision))) return; // It would be read out again.
    if (!decision) return swap(part, h("p", { class: "muted" }, m("schedule.no-decision")));
    return swap(part,
      h("p", {}, badge(m(`schedule.${decision.action}`), decision.action === "train" ? "good" : ""), " ",
        h("span", { class: "muted" }, exactMoment(decision.at), " · ", m(decision.trigger === "schedule" ? "schedule.by-itself" : "schedule.asked"))),
      h("ul", { class: "reasons" }, decision.reasons.map((one) => h("li", {}, reason(one)))));
  });
  return part;
}

function policyForm() {
  const problems = problemSlot();
  const saved = h("p", { class: "saved", role: "status" });
  const whole = (name, min, max) => h("input", { type: "number", id: `policy-${name}`, min, max, step: 1, required: true });
  const controls = {
    min_new_samples: whole("min_new_samples", 1, 100_000), every_seconds: whole("every_seconds", 1, 604_800),
    retention_days: whole("retention_days", 1, 36_500),
    min_battery: h("input", { type: "number", id: "policy-min_battery", min: 0, max: 100, step: "any", required: true }),
    max_thermal: select(HEAT.map((name) => [name, m(`heat.${name}`)]), { id: "policy-max_thermal" }),
    samples_after: select(AFTER.map((name) => [name, m(`policy.samples_after.${name}`)]), { id: "policy-samples_after" }),
  };
  const flags = Object.fromEntries(["enabled", "require_charging", "require_wifi", "require_idle"].map((name) =>
    [name, toggle(`policy-${name}`, m(`policy.${name}`))]));
  const form = h("form", { class: "policy" },
    h("div", { class: "toggles" }, Object.values(flags).map((one) => one.row)),
    h("div", { class: "pair" }, Object.entries(controls).map(([name, control]) => field(m(`policy.${name}`), control))),
    h("div", { class: "actions" }, h("button", { type: "submit", class: "small", id: "policy-save" }, m("policy.save"))), saved, problems.slot);
  const inputs = { ...controls, ...Object.fromEntries(Object.entries(flags).map(([name, one]) => [name, one.input])) };
  // What the user has changed and not saved; the rest follows what the device says, and stays as another client leaves it.
  const edited = new Set();

  function fill({ policy }) {
    for (const [name, input] of Object.entries(inputs)) {
      if (edited.has(name)) continue;
      if (name in flags) input.checked = policy[name];
      else input.value = name === "min_battery" ? shareAsPercent(policy[name]) : policy[name];
    }
  }

  function given(name) {
    const input = inputs[name];
    if (name in flags) return input.checked;
    if (name === "min_battery") return Number((input.value / 100).toFixed(8));
    return input.type === "number" ? Number(input.value) : input.value;
  }

  form.addEventListener("input", (event) => {
    edited.add(event.target.id.replace("policy-", ""));
    swap(saved);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(event.submitter, problems, async () => {
      const changes = Object.fromEntries([...edited].map((name) => [name, given(name)]));
      expect("schedule");
      const answer = await put("/v1/schedule", changes);
      for (const name of Object.keys(changes)) if (given(name) === changes[name]) edited.delete(name);
      accept("schedule", answer);
      swap(saved, icon("check"), m("policy.saved"));
    });
  });
  watch("schedule", fill);
  onAsk("erased", () => {
    edited.clear();
    swap(saved);
    if (value("schedule")) fill(value("schedule"));
  });
  return h("details", {}, h("summary", {}, m("policy.title")), form);
}

export function scheduleCard() {
  const problems = problemSlot();
  const look = h("dd", {});
  const terms = h("dd", {});
  const tick = button(m("schedule.tick"), () => attempt(tick, problems, async () => {
    await inTurn("device", () => post("/v1/schedule/tick")); // After the conditions that were set before.
    await refresh("schedule", "updates");
  }), { kind: "primary", id: "schedule-tick", mark: "eye" });
  watch("schedule", ({ policy, next_look: next }) => {
    swap(look, policy.enabled ? exactMoment(next) : m("schedule.off"));
    swap(terms, m("schedule.terms", { every: duration(policy.every_seconds), battery: percent(policy.min_battery, Number.isInteger(shareAsPercent(policy.min_battery)) ? 0 : 1) }));
  });
  return card("schedule", m("schedule.title"), h("h4", {}, m("schedule.waiting")), pendingList(),
    h("dl", { class: "facts" }, h("div", {}, h("dt", {}, m("schedule.next")), look), h("div", {}, h("dt", {}, m("schedule.rule")), terms)),
    h("h4", {}, m("schedule.last")), decisionPart(), h("div", { class: "actions" }, tick), problems.slot, policyForm());
}
