/** What is under way ends when all is erased: nothing of it comes back afterwards. */

import { onAsk } from "../store.js";

let erased = new AbortController();
onAsk("erased", () => {
  erased.abort();
  erased = new AbortController();
});

/** Run `work(signal)`; once the signal has ended it, whatever it throws is dropped. */
export async function untilErased(work) {
  const { signal } = erased;
  try {
    return await work(signal);
  } catch (error) {
    if (!signal.aborted) throw error;
    return undefined;
  }
}
