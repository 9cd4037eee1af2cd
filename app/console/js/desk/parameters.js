/** The parameters of a run; what is left empty is the head's own default. */

import { h } from "../dom.js";
import { m } from "../i18n.js";
import { field, select } from "../parts.js";
import { sendOnEnter } from "../texts.js";
import { numberIn } from "./numbers.js";

/** `go` is what Enter in one of the fields does. */
export function parameterFields(stem, go) {
  const number = (name, step) => {
    const input = h("input", { type: "number", id: `${stem}-${name}`, step, placeholder: m("train.default") });
    sendOnEnter(input, go);
    return input;
  };
  const inputs = {
    epochs: number("epochs", 1), mini_batch_size: number("mini_batch_size", 1), seed: number("seed", 1),
    learning_rate: number("learning_rate", "any"),
  };
  const shuffle = select([["", m("train.default")], ["true", m("common.yes")], ["false", m("common.no")]], { id: `${stem}-shuffle` });
  const element = h("details", {}, h("summary", {}, m("train.parameters")),
    h("div", { class: "pair" }, Object.entries(inputs).map(([name, input]) => field(m(`train.${name}`), input)), field(m("train.shuffle"), shuffle)));

  /** Throws a Problem where a field holds no number. */
  function read() {
    const chosen = Object.entries(inputs).map(([name, input]) => [name, numberIn(input)]).filter(([, number]) => number !== null);
    if (shuffle.value) chosen.push(["shuffle", shuffle.value === "true"]);
    return Object.fromEntries(chosen);
  }
  return { element, read };
}
