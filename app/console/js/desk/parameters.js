/** The parameters of a run, with what the task's head allows; what is left empty is the head's own default. */

import { attribute, h, swap } from "../dom.js";
import { number } from "../format.js";
import { m } from "../i18n.js";
import { field, select } from "../parts.js";
import { sendOnEnter } from "../texts.js";
import { numberIn } from "./numbers.js";

const DIGITS = 6; // as many as a learning rate may need

/** `go` is what Enter in one of the fields does. */
export function parameterFields(stem, go) {
  const numeric = (name, step) => {
    const input = h("input", { type: "number", id: `${stem}-${name}`, step, placeholder: m("train.default") });
    sendOnEnter(input, go);
    return input;
  };
  const inputs = {
    epochs: numeric("epochs", 1), mini_batch_size: numeric("mini_batch_size", 1), seed: numeric("seed", 1),
    learning_rate: numeric("learning_rate", "any"),
  };
  const shuffle = select([["", m("train.default")], ["true", m("common.yes")], ["false", m("common.no")]], { id: `${stem}-shuffle` });
  const hints = Object.fromEntries([...Object.keys(inputs), "shuffle"].map((name) => [name, h("span")]));
  const element = h("details", {}, h("summary", {}, m("train.parameters")),
    h("div", { class: "pair" }, Object.entries({ ...inputs, shuffle }).map(([name, input]) => field(m(`train.${name}`), input, hints[name]))));

  /** Tell what is allowed: the `parameters` of a model, or null where none is chosen. */
  function allow(parameters) {
    for (const [name, input] of Object.entries(inputs)) {
      const { minimum = null, maximum = null, default: own } = parameters?.[name] ?? {};
      attribute(input, "min", minimum);
      attribute(input, "max", maximum);
      swap(hints[name], parameters && m("train.allowed", {
        minimum: number(minimum, DIGITS), maximum: number(maximum, DIGITS), default: number(own, DIGITS),
      }));
    }
    swap(hints.shuffle, parameters && m("train.default-is", { default: m(parameters.shuffle.default ? "common.yes" : "common.no") }));
  }

  /** Throws a Problem where a field holds no number, or one that is not allowed. */
  function read() {
    const chosen = Object.entries(inputs).map(([name, input]) => [name, numberIn(input)]).filter(([, chosen]) => chosen !== null);
    if (shuffle.value) chosen.push(["shuffle", shuffle.value === "true"]);
    return Object.fromEntries(chosen);
  }
  return { element, allow, read };
}
