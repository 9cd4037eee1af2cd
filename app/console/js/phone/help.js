/** What is shown instead of an answer to a text that sounds like danger. */

import { h } from "../dom.js";
import { m } from "../i18n.js";
import { asWritten } from "../texts.js";

export const helpCard = (help) =>
  h("article", { class: "help-card" }, h("h4", {}, m("help.title")), h("p", asWritten(help.answer), help.answer),
    h("ul", { class: "rows" }, help.resources.map((one) =>
      h("li", {}, h("div", asWritten(one.name), h("strong", {}, one.name), h("p", {}, one.contact, " · ", one.when))))));
