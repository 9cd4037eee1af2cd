/** The chat: answers as they stream, and below each what stayed on the phone and what left it. */

import { events, post, Problem, remove, unreachable } from "../api.js";
import { attribute, h, swap } from "../dom.js";
import { m } from "../i18n.js";
import { button, empty } from "../parts.js";
import { attempt, problemSlot } from "../problems.js";
import { ask, onAsk, value } from "../store.js";
import { asWritten, fill, sendOnEnter, textBox, written } from "../texts.js";
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

  let busy = false;

  const bubble = (kind, ...children) => h("div", { class: `bubble ${kind}` }, ...children);

  function toEnd() {
    log.scrollTop = log.scrollHeight;
  }

  /** Whoever reads further up is not pulled down by what is added. Gives whether the end is followed. */
  function growing(grow) {
    const follow = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
    grow();
    if (follow) toEnd();
    return follow;
  }

  function turn(text, note) {
    if (document.activeElement?.dataset.asks !== undefined) log.focus({ preventScroll: true }); // It is about to go.
    if (log.querySelector(".empty")) swap(log);
    const answer = h("p", { class: "answer", dir: "auto" });
    const about = h("div", { class: "about" });
    const reply = h("article", { class: "turn reply", "aria-label": m("assist.reply"), "aria-busy": "true" }, bubble("theirs", answer), about);
    const mine = h("article", { class: "turn mine", "aria-label": m("assist.you") }, h("div", { class: "bubble yours", ...asWritten(text) }, text), note && h("p", { class: "muted" }, note));
    log.append(mine, reply);
    toEnd();
    return { answer, about, mine, reply };
  }

  function finish(parts, reply, text, preview) {
    conversation = reply.conversation_id;
    const model = value("models")?.find((one) => one.task === "route");
    const follow = growing(() => {
      // The card says the answer, and whom to call.
      if (reply.help) parts.answer.parentElement.remove();
      swap(parts.answer, reply.answer);
      for (const [name, said] of Object.entries(asWritten(reply.answer))) attribute(parts.answer, name, said);
      swap(parts.about, reply.help && helpCard(reply.help), provenance(reply, { preview, model, text, again: (route) => run(text, { route }) }));
    });
    if (reply.help && follow) log.scrollTop = parts.reply.offsetTop - log.offsetTop;
    parts.reply.removeAttribute("aria-busy");
    parts.reply.dataset.route = reply.route;
    swap(spoken, h("span", asWritten(reply.answer), reply.answer));
    if (reply.sent) ask("sent");
    if (reply.changed) ask("changed");
  }

  async function converse(parts, text, options, signal) {
    const body = { text, ...(conversation && { conversation_id: conversation }), ...(options.route && { route: options.route }) };
    if (options.preview) return finish(parts, await post("/v1/assist", { ...body, dry_run: true }, { signal }), text, true);
    let done = null;
    for await (const { event, data } of events("POST", "/v1/assist", { body: { ...body, stream: true }, signal })) {
      if (event === "route") conversation = data.conversation_id;
      else if (event === "delta") growing(() => parts.answer.append(data.text));
      else if (event === "done") done = data;
      else if (event === "problem") throw new Problem(data);
    }
    if (done === null) throw unreachable();
    return finish(parts, done, text, false);
  }

  /** One answer at a time: until it is there, nothing else that asks does so. */
  function answersNow(on) {
    busy = on;
    for (const one of [send, preview]) attribute(one, "aria-busy", on && "true");
    for (const one of log.querySelectorAll("[data-asks]")) one.disabled = on;
    if (!on) problems.clear();
  }

  async function run(text, options = {}) {
    if (busy) return;
    problems.clear();
    const parts = turn(text, options.preview ? m("assist.previewed") : options.route ? m("assist.rerouted") : null);
    const { signal } = (answering = new AbortController());
    answersNow(true);
    try {
      await converse(parts, text, options, signal);
      answersNow(false);
    } catch (problem) {
      answersNow(false);
      if (!signal.aborted) unanswered(parts, text, options, problem);
    }
  }

  /** The question goes back into its box or, where the next one is being written, waits to be asked again. */
  function unanswered(parts, text, options, problem) {
    const drop = () => {
      parts.mine.remove();
      parts.reply.remove();
    };
    if (!box.value) {
      drop();
      if (!log.firstChild) welcome();
      fill(box, text);
      problems.show(problem);
      return;
    }
    const fault = problemSlot();
    const again = button(m("assist.again"), () => {
      drop();
      run(text, options);
    }, { kind: "small", data: { asks: "" } });
    growing(() => {
      parts.answer.parentElement.remove();
      swap(parts.about, h("div", { class: "provenance" }, fault.slot, h("div", { class: "actions" }, again)));
      fault.show(problem);
    });
    parts.reply.removeAttribute("aria-busy");
  }

  function submit(options) {
    try {
      if (busy) throw new Problem({ type: "urn:attune:problem:conversation-busy" }); // The text stays where it is.
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
      EXAMPLES.map((text) => button(text, () => run(text), { kind: "chip", lang: "zh-CN", data: { asks: "" } }))));
  }

  const send = button(m("assist.send"), () => submit({}), { kind: "primary", id: "assist-send", mark: "send" });
  const preview = button(m("assist.preview"), () => submit({ preview: true }), { id: "assist-preview", mark: "eye" });
  sendOnEnter(box, () => submit({}));
  welcome();
  onAsk("erased", () => {
    fill(box, "");
    problems.clear();
    welcome();
  });
  return h("div", { class: "screen chat-screen" },
    h("div", { class: "title-row" }, h("h3", {}, m("assist.title")), button(m("assist.forget"), forget, { kind: "small", mark: "trash" })),
    log, spoken, problems.slot,
    h("div", { class: "composer" }, box, count, h("div", { class: "actions" }, preview, send)));
}
