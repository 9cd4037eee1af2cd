/** Numbers and times as the language writes them. */

import { lazy } from "./dom.js";
import { language, t } from "./i18n.js";

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export const percent = (share, digits = 0) =>
  lazy(() => new Intl.NumberFormat(language(), { style: "percent", maximumFractionDigits: digits }).format(share));

export const number = (value, digits = 3) =>
  lazy(() => new Intl.NumberFormat(language(), { maximumFractionDigits: digits }).format(value));

const DAY_AND_MINUTE = { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hour12: false };

const written = (iso, form) => lazy(() => (iso ? new Date(iso).toLocaleString(language(), form) : t("common.never")));

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

/** A time for `<input type="datetime-local">`, in the browser's zone. */
export function localInput(iso) {
  const at = new Date(iso);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
