/** The device's reasons, which it gives in English, in the reader's language where their form is known. */

import { lazy } from "./dom.js";
import { labelName, language, named, t, taskName } from "./i18n.js";

const FORMS = [
  [/^not charging$/, () => t("reason.charging")],
  [/^not on Wi-Fi$/, () => t("reason.wifi")],
  [/^not idle$/, () => t("reason.idle")],
  [/^battery at (\S+), below (\S+)$/, (is, bound) => t("reason.battery", { is, bound })],
  [/^too hot: (\w+), at most (\w+)$/, (is, bound) => t("reason.heat", { is: t(`heat.${is}`), bound: t(`heat.${bound}`) })],
  [/^the schedule is switched off$/, () => t("reason.off")],
  [/^no consent to personalisation$/, () => t("reason.consent")],
  [/^an update is running$/, () => t("reason.running")],
  [/^(\w+): (\d+) of (\d+) new samples$/, (task, count, of) => t("reason.samples", { task: taskName(task), count, of })],
  [/^(\w+): a candidate from just these samples was rejected$/, (task) => t("reason.refused", { task: taskName(task) })],
  [
    /^worse on held-out samples: (\d+) of (\d+) right, the active version (\d+)$/,
    (right, count, before) => t("reason.worse", { right, count, before }),
  ],
  [/^no better than guessing on held-out samples: (\d+) of (\d+) right$/, (right, count) => t("reason.guessing", { right, count })],
  [
    /^forgets: (\S+) points lost on the replay yardstick, at most (\S+) allowed$/,
    (lost, most) => t("reason.forgets", { lost, most }),
  ],
  [/^expired: (.*)$/, (obstacle) => t("reason.expired", { reason: reason(obstacle) })],
  [/^(?:the update was )?cancelled(?: by the user)?$/, () => t("reason.cancelled")],
  [/^the device was shut down$/, () => t("reason.shut-down")],
  [/^interrupted: the device stopped, or its disk was full$/, () => t("reason.interrupted")],
  [/^samples were deleted$/, () => t("reason.deleted")],
  [/^the user's data is being replaced or erased$/, () => t("reason.replaced")],
  [/^consent was withdrawn$/, () => t("reason.withdrawn")],
  [/^the active version changed from (\d+) while it trained$/, (version) => t("reason.changed", { version })],
  [/^internal error: (\w+)$/, (kind) => t("reason.internal", { kind })],
  [/^the text names what is the user's: (.*)$/, (kinds) => t("reason.own", { kinds: kinds.split(", ").map((one) => named("entity", one)).join("、") })],
  [/^stored notes or entries hold its words$/, () => t("reason.stored")],
  [/^that is unsure, and unsure means private$/, () => t("reason.unsure")],
  [/^it asks for the phone's own data, or changes it$/, () => t("reason.data")],
  [/^nothing is to be made of it that takes a cloud model, and unsure means private$/, () => t("reason.nothing")],
  [/^it asks for something to be made$/, () => t("reason.made")],
  [/^the route head says (\w+) \((\S+)\)$/, (label, p) => t("reason.route", { label: labelName(label), p })],
];

export function reason(text) {
  return lazy(() => {
    if (language() === "en") return text.charAt(0).toUpperCase() + text.slice(1);
    for (const [form, write] of FORMS) {
      const found = form.exec(text);
      if (found) return write(...found.slice(1));
    }
    return text;
  });
}
