/** Take the data along, bring it back, destroy it. */

import { call, headerText, Problem, remove, text } from "../api.js";
import { h, intoView, swap } from "../dom.js";
import { m, t } from "../i18n.js";
import { icon } from "../icons.js";
import { button, card, dialog, dialogActions, field, toggle } from "../parts.js";
import { attempt, problemSlot } from "../problems.js";
import { onAsk, replacing } from "../store.js";

const PASSPHRASE = "Attune-Export-Passphrase";

const passphraseField = (id) => h("input", { type: "password", id, autocomplete: "new-password", maxlength: 300 });
const sealing = (input) => (input.value ? { [PASSPHRASE]: headerText(input.value) } : {});

function download(name, content) {
  const url = URL.createObjectURL(new Blob([content], { type: "application/json" }));
  const link = h("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

function exportCard() {
  const problems = problemSlot();
  const done = h("p", { class: "saved", role: "status" });
  const phrase = passphraseField("export-passphrase");
  const sealed = toggle("export-sealed", m("rights.sealed"), null, { hint: m("rights.sealed.hint") });
  const go = button(m("rights.export"), () => attempt(go, problems, async () => {
    swap(done);
    const content = await text("GET", `/v1/export?sealed=${sealed.input.checked}`, { headers: sealing(phrase) });
    const name = `attune-export-${new Date().toISOString().slice(0, 10)}.json`;
    download(name, content);
    phrase.value = "";
    swap(done, icon("check"), m("rights.exported", { name }));
  }), { kind: "primary", id: "export-go", mark: "out" });
  onAsk("erased", () => {
    phrase.value = "";
    swap(done);
  });
  return card("export", m("rights.export.title"), h("p", {}, m("rights.export.text")), field(m("rights.passphrase"), phrase, m("rights.passphrase.hint")),
    sealed.row, h("div", { class: "actions" }, go), done, problems.slot);
}

/** What a file holds. Throws a Problem where there is none, or none that could be an export. */
async function contentOf(input) {
  const problem = (code) => new Problem({ type: `urn:attune:problem:${code}` });
  if (!input.files[0]) {
    input.focus();
    throw problem("no-file");
  }
  const content = await input.files[0].text().catch(() => {
    throw problem("file-unreadable");
  });
  if (!content.trim()) throw problem("malformed-json");
  return content;
}

/** Resolves to whether what is on the device may go. */
async function mayReplace() {
  const result = await dialog(m("rights.import.title"), (form, close) => {
    const go = button(m("rights.import"), () => close("import"), { kind: "danger", id: "import-confirm" });
    form.append(h("p", {}, m("rights.import.warning")), dialogActions(go));
  });
  return result === "import";
}

function importCard() {
  const problems = problemSlot();
  const done = h("p", { class: "saved", role: "status" });
  const file = h("input", { type: "file", id: "import-file", accept: "application/json,.json" });
  const phrase = passphraseField("import-passphrase");

  async function replace() {
    swap(done);
    const body = await contentOf(file);
    if (!(await mayReplace())) return;
    const report = await replacing(() => call("POST", "/v1/import", { body, headers: sealing(phrase) }));
    swap(done, icon("check"), m("rights.imported", { samples: report.samples, versions: report.versions }));
  }

  const go = button(m("rights.import"), async () => {
    await attempt(go, problems, replace);
    if (problems.slot.childNodes.length) intoView(problems.slot);
  }, { id: "import-go" });
  onAsk("erased", () => {
    file.value = phrase.value = "";
    swap(done);
  });
  return card("import", m("rights.import.title"), h("p", {}, m("rights.import.text")), field(m("rights.file"), file), field(m("rights.passphrase"), phrase),
    h("div", { class: "actions" }, go), done, problems.slot);
}

/** Resolves to whether the user typed the word. */
async function confirmed() {
  const result = await dialog(m("rights.erase.title"), (form, close) => {
    const word = h("input", { type: "text", id: "erase-word", autocomplete: "off", autocapitalize: "off", spellcheck: "false" });
    const typed = () => word.value.trim().toLocaleUpperCase() === t("rights.erase.word");
    const go = button(m("rights.erase"), () => typed() && close("erase"), { kind: "danger", id: "erase-confirm", disabled: true });
    word.addEventListener("input", () => {
      go.disabled = !typed();
    });
    form.addEventListener("submit", (event) => {
      if (event.submitter?.value !== "") event.preventDefault();
    });
    word.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.isComposing) return;
      event.preventDefault();
      go.click();
    });
    form.append(h("p", {}, m("rights.erase.warning")), field(m("rights.erase.type", { word: m("rights.erase.word") }), word), dialogActions(go));
  });
  return result === "erase";
}

function eraseCard() {
  const problems = problemSlot();
  const done = h("p", { class: "saved", role: "status" });
  const go = button(m("rights.erase"), async () => {
    if (!(await confirmed())) return;
    swap(done);
    await attempt(go, problems, async () => {
      await replacing(() => remove("/v1/user-data"));
      swap(done, icon("check"), m("rights.erased"));
    });
  }, { kind: "danger", id: "erase-go", mark: "trash" });
  onAsk("changed", () => swap(done));
  return card("erase", m("rights.erase.title"), h("p", {}, m("rights.erase.text")), h("div", { class: "actions" }, go), done, problems.slot);
}

export const rightsCards = () => [[exportCard(), importCard()], [eraseCard()]];
