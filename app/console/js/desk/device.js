/** The device's conditions and its clock. A control that is in use is not moved by what is read meanwhile. */

import { put } from "../api.js";
import { h, swap } from "../dom.js";
import { exactMoment, localInput, percent } from "../format.js";
import { m } from "../i18n.js";
import { button, card, field, select, toggle } from "../parts.js";
import { attempt, problemSlot } from "../problems.js";
import { accept, expect, refresh, value, watch } from "../store.js";

const HEAT = ["nominal", "fair", "serious", "critical"];
const SWITCHES = [["charging", "bolt"], ["wifi", "wifi"], ["idle", "moon"]];

export function deviceCard() {
  const problems = problemSlot();

  async function change(changes, source = null) {
    expect("device");
    await attempt(source, problems, async () => accept("device", await put("/v1/device", changes)));
    show(value("device"));
    refresh("schedule", "updates");
  }

  const switches = Object.fromEntries(SWITCHES.map(([name, mark]) =>
    [name, toggle(`device-${name}`, m(`device.${name}`), (on) => change({ [name]: on }), { mark })]));
  const shownLevel = h("output", { class: "value" });
  const level = h("input", { type: "range", id: "device-battery", min: 0, max: 100, step: 1 });
  level.addEventListener("input", () => swap(shownLevel, percent(level.value / 100)));
  level.addEventListener("change", () => change({ battery: level.value / 100 }));
  const heat = select(HEAT.map((name) => [name, m(`heat.${name}`)]), { id: "device-thermal", on: { change: () => change({ thermal: heat.value }) } });
  const time = h("input", { type: "datetime-local", id: "device-now" });
  let timeEdited = false;
  time.addEventListener("input", () => {
    timeEdited = true;
  });
  const now = h("strong", {});
  const mode = h("span", { class: "muted" });
  const later = (hours) => (event) => {
    timeEdited = false;
    return change({ now: new Date(Date.parse(value("device").now) + hours * 3_600_000).toISOString() }, event.currentTarget);
  };

  function setClock(event) {
    timeEdited = false;
    if (time.value) change({ now: new Date(time.value).toISOString() }, event.currentTarget);
    else time.focus();
  }

  function show(device) {
    if (!device) return;
    for (const [name, one] of Object.entries(switches)) one.input.checked = device[name];
    if (document.activeElement !== level || !level.matches(":active")) {
      level.value = Math.round(device.battery * 100);
      swap(shownLevel, percent(device.battery));
    }
    if (heat.value !== device.thermal) heat.value = device.thermal;
    swap(now, exactMoment(device.now));
    swap(mode, m(`device.clock.${device.clock}`));
    follow.disabled = device.clock === "real";
    if (document.activeElement !== time && !timeEdited) time.value = localInput(device.now);
  }

  const follow = button(m("device.follow"), (event) => {
    timeEdited = false;
    change({ now: null }, event.currentTarget);
  }, { kind: "small", id: "device-follow" });
  watch("device", show);
  return card("device", m("device.title"),
    h("div", { class: "toggles" }, Object.values(switches).map((one) => one.row)),
    h("div", { class: "pair" },
      h("div", { class: "field" }, h("label", { for: level.id }, m("device.battery")), h("div", { class: "range" }, level, shownLevel)), field(m("device.thermal"), heat)),
    h("div", { class: "actions" },
      button(m("device.night"), (event) => change({ charging: true, wifi: true, idle: true, battery: 0.9, thermal: "nominal" }, event.currentTarget), { kind: "small", id: "device-night", mark: "moon" }),
      button(m("device.day"), (event) => change({ charging: false, wifi: false, idle: false }, event.currentTarget), { kind: "small", id: "device-day", mark: "sun" })),
    h("div", { class: "clock-part", role: "group", "aria-label": m("device.clock") },
      h("p", {}, h("span", { class: "label" }, m("device.clock")), " ", now, " ", mode),
      h("div", { class: "inline" }, field(m("device.set-to"), time), button(m("device.set"), setClock, { kind: "small", id: "device-set" })),
      h("div", { class: "actions" }, button(m("device.hour"), later(1), { kind: "small" }), button(m("device.next-day"), later(24), { kind: "small" }), follow)),
    problems.slot);
}
