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

/** A field's number, or null where nothing stands in it. */
export function numberIn(input) {
  if (input.validity.badInput) refuse(input, "invalid-number");
  return input.value === "" ? null : Number(input.value);
}
