/** Below an answer: which way it took, what it rests on, and the exact bytes that left the phone, or would. */

import { h, intoView, uniqueId } from "../dom.js";
import { number } from "../format.js";
import { labelName, m, named } from "../i18n.js";
import { icon } from "../icons.js";
import { badge, button, versionBadge } from "../parts.js";
import { reason } from "../reasons.js";
import { asWritten } from "../texts.js";
import { corrector } from "./write.js";

const verbatim = (label, text) => {
  const id = uniqueId("bytes");
  return h("div", {}, h("p", { class: "muted", id }, label), h("pre", { tabindex: "0", role: "region", "aria-labelledby": id }, text));
};

const bytes = (text) => new TextEncoder().encode(text).length;

function outbound(reply) {
  const { outbound: prompt, sent } = reply;
  if (!prompt) return h("p", { class: "kept" }, icon("lock"), m("assist.nothing-left"));
  const what = prompt.body ?? prompt.messages.map((message) => `${message.role}: ${message.content}`).join("\n\n");
  const label = prompt.body === null
    ? m("assist.prompt-only") : m(sent ? "assist.left-bytes" : "assist.would-leave", { bytes: number(bytes(prompt.body), 0) });
  const hidden = prompt.placeholders.length > 0 && h("div", {}, h("p", { class: "muted" }, m("assist.placeholders")),
    h("table", { class: "mini" }, h("thead", {}, h("tr", {}, ["token", "value", "kind"].map((name) => h("th", { scope: "col" }, m(`assist.${name}`))))),
      h("tbody", {}, prompt.placeholders.map((one) => h("tr", {}, h("td", {}, h("code", {}, one.placeholder)), h("td", asWritten(one.text), one.text), h("td", {}, named("entity", one.type)))))));
  return h("div", {}, verbatim(label, what), hidden);
}

function summary(reply, preview) {
  if (reply.sent) return [icon("out"), m("assist.left")];
  if (preview) return [icon("eye"), m(reply.outbound ? "assist.previewed" : "assist.stayed")];
  return [icon("lock"), m("assist.stayed")];
}

export function provenance(reply, { preview, model, text, again }) {
  const fault = reply.problem && h("p", { class: "problem inline" }, icon("warn"), h("span", {}, named("problem", reply.problem.type.replace("urn:attune:problem:", ""))));
  const sources = reply.sources.length > 0 && h("div", {}, h("p", { class: "muted" }, m("assist.sources")),
    h("ul", { class: "plain" }, reply.sources.map((source) => h("li", {}, badge(m(`assist.${source.kind}`)), " ", h("span", asWritten(source.title), source.title)))));
  const anyway = reply.route === "private" && !reply.understood && !reply.help && h("div", { class: "chips" },
    ["general", "mixed"].map((route) => button(m(`assist.as-${route}`), () => again(route), { kind: "chip", data: { asks: "" } })));
  return h("div", { class: "provenance" },
    fault, reply.undo && h("p", { class: "note" }, icon("back"), h("span", {}, m("assist.undo", { how: reply.undo }))),
    reply.unresolved.length > 0 && h("p", { class: "note" }, icon("warn"), h("span", {}, m("assist.unresolved", { what: reply.unresolved.join(", ") }))), anyway,
    h("details", { class: reply.sent ? "trace left" : "trace", on: { toggle: ({ currentTarget: trace }) => trace.open && intoView(trace) } },
      h("summary", {}, h("span", { class: "trace-state" }, summary(reply, preview)), badge(labelName(reply.route))),
      h("div", { class: "trace-body" },
        h("ul", { class: "reasons" }, reply.reasons.map((one) => h("li", {}, reason(one)))), outbound(reply), sources,
        model?.updatable && reply.probabilities && h("div", {}, h("p", { class: "muted" }, m("assist.correct")), corrector({ id: reply.id, task: model.task, text }, model.labels)),
        h("p", { class: "result-foot" }, versionBadge(reply.version)))));
}
