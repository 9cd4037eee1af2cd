/** The page: a header, a phone, a desk; banners for what is wrong with the service as a whole. */

import { onApi, setToken } from "./api.js";
import { desk } from "./desk/desk.js";
import { add, h, swap } from "./dom.js";
import { language, m, setLanguage } from "./i18n.js";
import { icon } from "./icons.js";
import { badge, dialog, field } from "./parts.js";
import { phone } from "./phone/phone.js";
import { keep, recall } from "./storage.js";
import { onAsk, refresh, start, value, watch } from "./store.js";

const NARROW = matchMedia("screen and (max-width: 1023px)");
const SIDE = "attune.side";

let asking = false;

function header() {
  const state = h("span", { class: "service", role: "status" });
  let online = true;
  const show = () => {
    const ready = value("ready");
    const kind = !online ? "offline" : ready?.status ?? "starting";
    const bundle = value("models")?.[0]?.bundle;
    swap(state, badge(m(`service.${kind}`), { ready: "good", degraded: "warn", offline: "bad" }[kind] ?? ""), bundle && h("span", { class: "muted bundle" }, m("service.bundle", { bundle })));
  };
  for (const key of ["ready", "models"]) watch(key, show);
  onApi("online", (answers) => {
    online = answers;
    show();
  });
  show();
  const choice = h("select", { id: "language", "aria-label": m("language.label"), on: { change: () => setLanguage(choice.value) } },
    h("option", { value: "zh-CN", lang: "zh-CN" }, "中文"), h("option", { value: "en", lang: "en" }, "English"));
  choice.value = language();
  const mark = h("img", { src: "console/icon.svg", alt: "", width: 32, height: 32 });
  return h("header", { class: "masthead" }, h("div", { class: "brand" }, mark, h("div", {}, h("h1", {}, "Attune"), h("p", { class: "tagline" }, m("page.tagline")))), state, choice);
}

function banners() {
  const offline = h("div", { class: "banner bad", role: "alert" });
  const degraded = h("div", { class: "banner warn", role: "status" });
  onApi("online", (answers) => swap(offline, !answers && [icon("warn"), h("p", {}, m("banner.offline"))]));
  const show = () => {
    const ready = value("ready");
    swap(degraded, ready?.status === "degraded" && [icon("warn"), h("div", {}, h("p", {}, m("banner.degraded")), h("ul", { lang: "en" }, ready.reasons.map((one) => h("li", {}, one))))]);
  };
  watch("ready", show);
  const all = h("div", { class: "banners" }, offline, degraded);
  new ResizeObserver(() => document.documentElement.style.setProperty("--banners", `${all.offsetHeight}px`)).observe(all);
  return all;
}

async function askToken(had) {
  if (asking) return;
  asking = true;
  await dialog(m("token.title"), (form, close) => {
    const input = h("input", { type: "password", id: "token", autocomplete: "off", required: true });
    form.append(h("p", {}, m(had ? "token.wrong" : "token.text")), field(m("token.label"), input, m("token.hint")),
      h("div", { class: "actions end" }, h("button", { type: "submit", class: "primary", id: "token-save" }, m("token.save"))));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      setToken(input.value.trim());
      close("saved");
    });
  });
  asking = false;
  refresh();
}

/** Beside each other where there is room; as two tabs where there is not. */
function sides(phonePart, deskPart) {
  const parts = { phone: phonePart, desk: deskPart };
  const list = h("div", { role: "tablist", class: "side-nav", "aria-label": m("page.sides") });
  let chosen = recall("sessionStorage", SIDE) === "desk" ? "desk" : "phone";
  const buttons = Object.keys(parts).map((name) => h("button", {
    type: "button", role: "tab", id: `side-${name}`, "aria-controls": parts[name].id, class: "tab", on: {
      click: () => choose(name),
      keydown: (event) => {
        const target = { ArrowLeft: "phone", Home: "phone", ArrowRight: "desk", End: "desk" }[event.key];
        if (!target) return;
        event.preventDefault();
        choose(target);
        document.getElementById(`side-${target}`).focus();
      },
    },
  }, m(`page.${name}`)));
  list.append(...buttons);

  function choose(name) {
    chosen = name;
    keep("sessionStorage", SIDE, name);
    lay();
  }

  function lay() {
    list.hidden = !NARROW.matches;
    for (const button of buttons) {
      const name = button.id.replace("side-", "");
      const here = name === chosen;
      button.setAttribute("aria-selected", String(here));
      button.tabIndex = here ? 0 : -1;
      parts[name].hidden = NARROW.matches && !here;
      if (NARROW.matches) parts[name].setAttribute("role", "tabpanel");
      else parts[name].removeAttribute("role");
      parts[name].setAttribute("aria-labelledby", NARROW.matches ? button.id : `${name}-title`);
    }
  }
  NARROW.addEventListener("change", lay);
  onAsk("consent", () => choose("phone"));
  lay();
  return h("main", {}, list, h("div", { class: "sides" }, phonePart, deskPart));
}

function phoneSide() {
  const frame = phone();
  const loading = h("p", { class: "loading", role: "status" }, m("service.starting"));
  frame.append(loading);
  watch("consent", () => loading.remove());
  return h("section", { id: "side-phone-panel", class: "side-phone" }, frame);
}

/** What is dropped beside a file field would be opened in place of the page. */
function refuseDrops() {
  for (const name of ["dragover", "drop"]) {
    addEventListener(name, (event) => {
      if (!event.dataTransfer.types.includes("Files") || event.target.closest?.("input[type=file]")) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = "none";
    });
  }
}

swap(document.querySelector("title"), m("page.title"));
onApi("token", askToken);
document.getElementById("opening").remove();
add(document.body, h("a", { class: "skip", href: "#side-desk-panel" }, m("page.skip")), header(), banners(),
  sides(phoneSide(), h("section", { id: "side-desk-panel", class: "side-desk", tabindex: "-1" }, desk())));
onAsk("changed", () => refresh("schedule", "samples"));
refuseDrops();
start();
