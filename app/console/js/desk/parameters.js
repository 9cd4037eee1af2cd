/** The parameters of a run; what is left empty is the head's own default. */

import { h } from "../dom.js";
import { m } from "../i18n.js";
import { field, select } from "../parts.js";

export function parameterFields(stem) {
  const whole = (name) => h("input", { type: "number", id: `${stem}-${name}`, step: 1, placeholder: m("train.default") });
  const inputs = {
    epochs: whole("epochs"), mini_batch_size: whole("mini_batch_size"), seed: whole("seed"),
    learning_rate: h("input", { type: "number", id: `${stem}-learning_rate`, step: "any", placeholder: m("train.default") }),
  };
  const shuffle = select([["", m("train.default")], ["true", m("common.yes")], ["false", m("common.no")]], { id: `${stem}-shuffle` });
  const element = h("details", {}, h("summary", {}, m("train.parameters")),
    h("div", { class: "pair" }, Object.entries(inputs).map(([name, input]) => field(m(`train.${name}`), input)), field(m("train.shuffle"), shuffle)));

  function read() {
    const chosen = Object.entries(inputs).filter(([, input]) => input.value !== "").map(([name, input]) => [name, Number(input.value)]);
    if (shuffle.value) chosen.push(["shuffle", shuffle.value === "true"]);
    return Object.fromEntries(chosen);
  }
  return { element, read };
}
