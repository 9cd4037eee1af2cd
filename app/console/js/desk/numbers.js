/** Fields that a browser gives as empty although something stands in them: that is refused, never taken for nothing. */

import { Problem } from "../api.js";
import { attribute } from "../dom.js";

/** Mark a field as what is wrong until it is changed, and throw a Problem. */
export function refuse(input, code) {
  attribute(input, "aria-invalid", "true");
  input.addEventListener("input", () => attribute(input, "aria-invalid", null), { once: true });
  const around = input.closest("details");
  if (around) around.open = true;
  input.focus();
  throw new Problem({ type: `urn:attune:problem:${code}` });
}

/** A field's number, or null where nothing stands in it. One beyond the field's own bounds is refused too. */
export function numberIn(input) {
  const { badInput, rangeUnderflow, rangeOverflow, stepMismatch } = input.validity;
  if (badInput) refuse(input, "invalid-number");
  if (rangeUnderflow || rangeOverflow || stepMismatch) refuse(input, "parameter-out-of-bounds");
  return input.value === "" ? null : Number(input.value);
}
