/** The phone: a status bar that shows what the device senses, the consent screen first, then four screens. */

import { h, swap } from "../dom.js";
import { clock, percent } from "../format.js";
import { m } from "../i18n.js";
import { icon } from "../icons.js";
import { ask, onAsk, value, watch } from "../store.js";
import { tabs } from "../tabs.js";
import { assistantScreen } from "./assistant.js";
import { consentScreen } from "./consent.js";
import { insightsScreen } from "./insights.js";
import { meScreen } from "./me.js";
import { writeScreen } from "./write.js";

function statusBar() {
  const bar = h("div", { class: "status-bar" });
  watch("device", (device) => {
    const level = h("span", { class: "battery-level" });
    level.style.width = `${device.battery * 100}%`;
    swap(
      bar,
      h("span", { class: "status-clock" }, clock(device.now)),
      h("span", { class: "status-marks" },
        device.idle && h("span", { title: m("device.idle") }, icon("moon")),
        h("span", { class: device.wifi ? "" : "off", title: m(device.wifi ? "device.wifi" : "phone.no-wifi") }, icon("wifi")),
        device.charging && h("span", { title: m("device.charging") }, icon("bolt")),
        h("span", { class: "battery" }, level), h("span", {}, percent(device.battery))),
    );
  });
  return bar;
}

export function phone() {
  const heading = h("h2", { class: "visually-hidden", id: "phone-title" }, m("phone.title"));
  const entries = [
    { id: "write", mark: "write", panel: writeScreen() },
    { id: "insights", mark: "bulb", panel: insightsScreen() },
    { id: "assistant", mark: "chat", panel: assistantScreen() },
    { id: "me", mark: "person", panel: meScreen() },
  ].map((entry) => ({ ...entry, label: m(`phone.${entry.id}`), icon: icon(entry.mark) }));
  const screens = h("div", { class: "screens" }, entries.map((entry) => entry.panel));
  const chosen = (id) => {
    screens.scrollTo({ top: 0, behavior: "instant" });
    ask("screen", id);
  };
  const { list, choose } = tabs(entries, { label: m("phone.screens"), className: "phone-nav", chosen });
  const app = h("div", { class: "phone-app" }, screens, list);
  const consent = h("div", { class: "screens consent-layer", hidden: true });

  let screen = null; // of the consent, while it is open
  let opener = null;

  /** Back to where it was opened, or to the beginning. */
  function leave() {
    if (screen === null) return;
    const had = consent.contains(document.activeElement);
    const { again } = screen;
    screen = null;
    consent.hidden = true;
    app.hidden = false;
    swap(consent);
    if (!had) return;
    if (!again) choose("write");
    if (again && opener?.isConnected && opener.offsetParent !== null) {
      opener.focus();
      return;
    }
    // Before the box that comes next, not after it among the tabs.
    const heading = screens.querySelector(":scope > :not([hidden]) h3");
    heading.tabIndex = -1;
    heading.focus();
  }

  function open(given) {
    opener = document.activeElement;
    screen = consentScreen(given, leave);
    swap(consent, screen.element);
    consent.hidden = false;
    app.hidden = true;
  }

  app.hidden = true;
  consent.addEventListener("keydown", (event) => event.key === "Escape" && screen?.again && leave());
  watch("consent", (given) => {
    if (given.since === null) {
      if (screen === null || screen.again) open(given);
    } else if (screen === null) app.hidden = false;
    else if (screen.again) screen.follow(given);
    else leave();
  });
  onAsk("consent", () => {
    const given = value("consent");
    if (screen === null && given) open(given);
    consent.querySelector("h3")?.focus();
  });
  onAsk("erased", () => choose("write"));
  return h("div", { class: "phone-frame" }, heading, statusBar(), consent, app);
}
