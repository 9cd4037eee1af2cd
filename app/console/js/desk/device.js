/** The device's conditions and its clock. A control that is in use is not moved by what is read meanwhile. */

import { get, inTurn, put } from "../api.js";
import { h, swap } from "../dom.js";
import { exactMoment, localInput, percent } from "../format.js";
import { m } from "../i18n.js";
import { button, card, field, select, toggle } from "../parts.js";
import { attempt, problemSlot } from "../problems.js";
import { accept, expect, refresh, value, watch } from "../store.js";
import { sendOnEnter } from "../texts.js";
import { refuse } from "./numbers.js";
import { focusOn } from "./rows.js";

const HEAT = ["nominal", "fair", "serious", "critical"];
const SWITCHES = [["charging", "bolt"], ["wifi", "wifi"], ["idle", "moon"]];

export function deviceCard() {
  const problems = problemSlot();

  let waiting = 0;

  /** One after the other, in order; `changes(device)` are worked out when it is their turn. Until the last is done the controls stay as they were put. */
  async function change(changes) {
    waiting += 1;
    await attempt(null, problems, () => inTurn("device", async () => {
      expect("device");
      accept("device", await put("/v1/device", changes(value("device") ?? (await get("/v1/device")))));
    }));
    waiting -= 1;
    show(value("device"));
    if (waiting === 0) refresh("schedule", "updates");
  }

  const switches = Object.fromEntries(SWITCHES.map(([name, mark]) =>
    [name, toggle(`device-${name}`, m(`device.${name}`), (on) => change(() => ({ [name]: on })), { mark })]));
  const shownLevel = h("output", { class: "value" });
  const level = h("input", { type: "range", id: "device-battery", min: 0, max: 100, step: 1 });
  level.addEventListener("input", () => swap(shownLevel, percent(level.value / 100)));
  level.addEventListener("change", () => {
    const battery = level.value / 100;
    change(() => ({ battery }));
  });
  const heat = select(HEAT.map((name) => [name, m(`heat.${name}`)]), { id: "device-thermal", on: { change: () => {
    const thermal = heat.value;
    change(() => ({ thermal }));
  } } });
  const time = h("input", { type: "datetime-local", id: "device-now" });
  let timeEdited = false;
  time.addEventListener("input", () => {
    timeEdited = true;
  });
  const now = h("strong", {});
  const mode = h("span", { class: "muted" });
  const later = (hours) => () => {
    timeEdited = false;
    return change(({ now: at }) => ({ now: new Date(Date.parse(at) + hours * 3_600_000).toISOString() }));
  };

  const setClock = () => attempt(null, problems, () => {
    if (!time.value) refuse(time, "invalid-time");
    timeEdited = false;
    const at = new Date(time.value).toISOString();
    return change(() => ({ now: at }));
  });
  sendOnEnter(time, setClock);

  function show(device) {
    if (!device || waiting > 0) return;
    for (const [name, one] of Object.entries(switches)) one.input.checked = device[name];
    if (document.activeElement !== level || !level.matches(":active")) {
      level.value = Math.round(device.battery * 100);
      swap(shownLevel, percent(device.battery));
    }
    if (heat.value !== device.thermal) heat.value = device.thermal;
    swap(now, exactMoment(device.now));
    swap(mode, m(`device.clock.${device.clock}`));
    const here = document.activeElement === follow;
    follow.disabled = device.clock === "real";
    if (here && follow.disabled) focusOn(now);
    if (document.activeElement !== time && !timeEdited) time.value = localInput(device.now);
  }

  const follow = button(m("device.follow"), () => {
    timeEdited = false;
    change(() => ({ now: null }));
  }, { kind: "small", id: "device-follow" });
  watch("device", show);
  return card("device", m("device.title"),
    h("div", { class: "toggles" }, Object.values(switches).map((one) => one.row)),
    h("div", { class: "pair" },
      h("div", { class: "field" }, h("label", { for: level.id }, m("device.battery")), h("div", { class: "range" }, level, shownLevel)), field(m("device.thermal"), heat)),
    h("div", { class: "actions" },
      button(m("device.night"), () => change(() => ({ charging: true, wifi: true, idle: true, battery: 0.9, thermal: "nominal" })), { kind: "small", id: "device-night", mark: "moon" }),
      button(m("device.day"), () => change(() => ({ charging: false, wifi: false, idle: false })), { kind: "small", id: "device-day", mark: "sun" })),
    h("div", { class: "clock-part", role: "group", "aria-label": m("device.clock") },
      h("p", {}, h("span", { class: "label" }, m("device.clock")), " ", now, " ", mode),
      h("div", { class: "inline" }, field(m("device.set-to"), time), button(m("device.set"), setClock, { kind: "small", id: "device-set" })),
      h("div", { class: "actions" }, button(m("device.hour"), later(1), { kind: "small" }), button(m("device.next-day"), later(24), { kind: "small" }), follow)),
    problems.slot);
}
