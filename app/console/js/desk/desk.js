/** The desk: what turns the device's conditions, watches it learn, and undoes that. */

import { h } from "../dom.js";
import { m } from "../i18n.js";
import { icon } from "../icons.js";
import { tabs } from "../tabs.js";
import { auditCard } from "./audit.js";
import { compareCard } from "./compare.js";
import { deviceCard } from "./device.js";
import { egressCard } from "./egress.js";
import { rightsCards } from "./rights.js";
import { samplesCard } from "./samples.js";
import { scheduleCard } from "./schedule.js";
import { trainingCard } from "./training.js";
import { versionsCard } from "./versions.js";

const panel = (className, ...cards) => h("div", { class: `desk-panel ${className}` }, ...cards);
const column = (...cards) => h("div", { class: "column" }, ...cards);

export function desk() {
  const entries = [
    { id: "train", mark: "chip", panel: panel("two", column(deviceCard(), scheduleCard()), column(trainingCard())) },
    { id: "versions", mark: "branch", panel: panel("two", column(versionsCard()), column(compareCard())) },
    { id: "samples", mark: "list", panel: panel("", samplesCard()) },
    { id: "records", mark: "book", panel: panel("two", column(auditCard()), column(egressCard())) },
    { id: "rights", mark: "box", panel: panel("two", ...rightsCards().map((one) => column(...one))) },
  ].map((entry) => ({ ...entry, label: m(`desk.${entry.id}`), icon: icon(entry.mark) }));
  const { list } = tabs(entries, { label: m("desk.sections"), className: "desk-nav" });
  return h("div", { class: "desk" }, h("h2", { class: "visually-hidden", id: "desk-title" }, m("desk.title")), list,
    entries.map((entry) => entry.panel));
}
