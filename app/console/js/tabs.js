/** Tabs by the ARIA pattern: arrow keys, Home and End move between them, Tab goes on into the panel. */

import { h } from "./dom.js";
import { keep, recall } from "./storage.js";

const MOVES = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

/**
 * @param {{id: string, label: object, icon?: Node, panel: HTMLElement}[]} entries
 * The tab that was open is open again when the page is loaded anew.
 * @returns the list, and `choose(id)`, which a caller may use to open a tab.
 */
export function tabs(entries, { label, className, chosen }) {
  const kept = `attune.${className}`;
  const list = h("div", { role: "tablist", "aria-label": label, class: className });
  const buttons = new Map();

  function choose(id, focus = false) {
    for (const entry of entries) {
      const here = entry.id === id;
      const button = buttons.get(entry.id);
      button.setAttribute("aria-selected", String(here));
      button.tabIndex = here ? 0 : -1;
      entry.panel.hidden = !here;
      if (here && focus) button.focus();
    }
    keep("sessionStorage", kept, id);
    chosen?.(id);
  }

  function move(event, index) {
    const step = MOVES[event.key];
    const last = entries.length - 1;
    const target =
      event.key === "Home" ? 0 : event.key === "End" ? last : step ? (index + step + last + 1) % (last + 1) : null;
    if (target === null) return;
    event.preventDefault();
    choose(entries[target].id, true);
  }

  entries.forEach((entry, index) => {
    const button = h(
      "button",
      {
        type: "button", role: "tab", id: `tab-${entry.id}`, "aria-controls": `panel-${entry.id}`, class: "tab",
        on: { click: () => choose(entry.id), keydown: (event) => move(event, index) },
      },
      entry.icon, h("span", {}, entry.label),
    );
    buttons.set(entry.id, button);
    list.append(button);
    entry.panel.id = `panel-${entry.id}`;
    entry.panel.setAttribute("role", "tabpanel");
    entry.panel.setAttribute("aria-labelledby", button.id);
  });
  const last = recall("sessionStorage", kept);
  choose(entries.find(({ id }) => id === last)?.id ?? entries[0].id);
  return { list, choose };
}
