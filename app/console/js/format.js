/** Numbers and times as the language writes them. */

import { lazy } from "./dom.js";
import { language, t } from "./i18n.js";
import { value } from "./store.js";

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export const percent = (share, digits = 0) =>
  lazy(() => new Intl.NumberFormat(language(), { style: "percent", minimumFractionDigits: digits, maximumFractionDigits: digits }).format(share));

export const number = (value, digits = 3) =>
  lazy(() => new Intl.NumberFormat(language(), { maximumFractionDigits: digits }).format(value));

const DAY_AND_MINUTE = { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hour12: false };

/** Without a year it is this one, by the world's clock as by the device's. */
function yearOf(at) {
  const now = [new Date(), new Date(value("device")?.now ?? Date.now())];
  return now.every((one) => one.getFullYear() === at.getFullYear()) ? {} : { year: "numeric" };
}

function written(iso, form) {
  return lazy(() => {
    if (!iso) return t("common.never");
    const at = new Date(iso);
    return at.toLocaleString(language(), { ...yearOf(at), ...form });
  });
}

export const moment = (iso) => written(iso, DAY_AND_MINUTE);

/** To the second, where that matters. */
export const exactMoment = (iso) => written(iso, { ...DAY_AND_MINUTE, second: "2-digit" });

export const clock = (iso) =>
  lazy(() => new Date(iso).toLocaleTimeString(language(), { hour: "2-digit", minute: "2-digit", hour12: false }));

export function duration(seconds) {
  return lazy(() => {
    const [amount, unit] =
      seconds % DAY === 0 ? [seconds / DAY, "day"]
      : seconds % HOUR === 0 ? [seconds / HOUR, "hour"]
      : seconds % MINUTE === 0 ? [seconds / MINUTE, "minute"]
      : [seconds, "second"];
    return new Intl.NumberFormat(language(), { style: "unit", unit, unitDisplay: "long" }).format(amount);
  });
}

/** Whole numbers in order, with runs of three and more as from-to. */
export function ranges(numbers) {
  const runs = [];
  for (const one of numbers.toSorted((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last?.at(-1) === one - 1) last.push(one);
    else runs.push([one]);
  }
  const parts = runs.flatMap((run) => (run.length < 3 ? run : [t("common.range", { from: run[0], to: run.at(-1) })]));
  return parts.join(t("common.comma"));
}

/** A time for `<input type="datetime-local">`, in the browser's zone. */
export function localInput(iso) {
  const at = new Date(iso);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
