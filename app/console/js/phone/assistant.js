/** The chat: answers as they stream, and below each what stayed on the phone and what left it. */

import { events, post, Problem, remove, unreachable } from "../api.js";
import { h, swap } from "../dom.js";
import { m } from "../i18n.js";
import { button, empty } from "../parts.js";
import { attempt, problemSlot } from "../problems.js";
import { ask, onAsk, value } from "../store.js";
import { fill, sendOnEnter, textBox, written } from "../texts.js";
import { helpCard } from "./help.js";
import { provenance } from "./provenance.js";

const EXAMPLES = ["我下周四有什么安排", "给王总写一封道歉邮件", "量子计算是什么"];

export function assistantScreen() {
  const { box, count } = textBox("assist-text", 1, { "aria-label": m("assist.text"), placeholder: m("assist.placeholder") });
  const problems = problemSlot();
  const log = h("div", { class: "chat", id: "chat", role: "log", "aria-label": m("assist.log"), "aria-live": "off", tabindex: "0" });
  const spoken = h("p", { class: "visually-hidden", role: "status" });
  let conversation = null;
  let answering = new AbortController();

  const bubble = (kind, ...children) => h("div", { class: `bubble ${kind}` }, ...children);

  function toEnd() {
    log.scrollTop = log.scrollHeight;
  }

  function turn(text, note) {
    if (log.querySelector(".empty")) swap(log);
    const answer = h("p", { class: "answer" });
    const about = h("div", { class: "about" });
    const reply = h("article", { class: "turn reply", "aria-label": m("assist.reply"), "aria-busy": "true" }, bubble("theirs", answer), about);
    const mine = h("article", { class: "turn mine", "aria-label": m("assist.you") }, bubble("yours", text), note && h("p", { class: "muted" }, note));
    log.append(mine, reply);
    toEnd();
    return { answer, about, mine, reply };
  }

  function finish(parts, reply, text, preview) {
    conversation = reply.conversation_id;
    swap(parts.answer, reply.answer);
    const model = value("models")?.find((one) => one.task === "route");
    swap(parts.about, reply.help && helpCard(reply.help), provenance(reply, { preview, model, again: (route) => run(text, { route }) }));
    parts.reply.removeAttribute("aria-busy");
    parts.reply.dataset.route = reply.route;
    swap(spoken, reply.answer);
    toEnd();
    if (reply.sent) ask("sent");
    if (reply.changed) ask("changed");
  }

  async function converse(parts, text, options, signal) {
    const body = { text, ...(conversation && { conversation_id: conversation }), ...(options.route && { route: options.route }) };
    if (options.preview) return finish(parts, await post("/v1/assist", { ...body, dry_run: true }, { signal }), text, true);
    let done = null;
    for await (const { event, data } of events("POST", "/v1/assist", { body: { ...body, stream: true }, signal })) {
      if (event === "route") conversation = data.conversation_id;
      else if (event === "delta") parts.answer.append(data.text);
      else if (event === "done") done = data;
      else if (event === "problem") throw new Problem(data);
      toEnd();
    }
    if (done === null) throw unreachable();
    return finish(parts, done, text, false);
  }

  async function run(text, options = {}) {
    if (!text.trim() || send.getAttribute("aria-busy") === "true") return;
    const parts = turn(text, options.preview ? m("assist.previewed") : options.route ? m("assist.rerouted") : null);
    preview.disabled = true;
    const { signal } = (answering = new AbortController());
    const worked = await attempt(send, problems, async () => {
      try {
        await converse(parts, text, options, signal);
      } catch (error) {
        if (!signal.aborted) throw error;
      }
      return true;
    });
    preview.disabled = false;
    if (worked) return;
    parts.mine.remove();
    parts.reply.remove();
    if (!log.firstChild) welcome();
    if (!box.value) fill(box, text);
  }

  function submit(options) {
    try {
      const text = written(box);
      fill(box, "");
      run(text, options);
    } catch (problem) {
      problems.show(problem);
    }
  }

  async function forget(event) {
    await attempt(event.currentTarget, problems, async () => {
      answering.abort();
      if (conversation) await remove(`/v1/assist/${conversation}`);
      welcome();
    });
  }

  function welcome() {
    answering.abort(); // its answer would go on with what is forgotten
    conversation = null;
    swap(spoken);
    swap(log, empty("chat", m("assist.empty")), h("div", { class: "chips center" },
      EXAMPLES.map((text) => button(text, () => run(text), { kind: "chip", lang: "zh-CN" }))));
  }

  const send = button(m("assist.send"), () => submit({}), { kind: "primary", id: "assist-send", mark: "send" });
  const preview = button(m("assist.preview"), () => submit({ preview: true }), { id: "assist-preview", mark: "eye" });
  sendOnEnter(box, () => submit({}));
  welcome();
  onAsk("erased", () => {
    fill(box, "");
    welcome();
  });
  return h("div", { class: "screen chat-screen" },
    h("div", { class: "title-row" }, h("h3", {}, m("assist.title")), button(m("assist.forget"), forget, { kind: "small", mark: "trash" })),
    log, spoken, problems.slot,
    h("div", { class: "composer" }, box, count, h("div", { class: "actions" }, preview, send)));
}
