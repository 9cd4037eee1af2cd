/** Following an update over the event stream; where it breaks off, it goes on after the last event that was seen. */

import { events, get } from "../api.js";

const AGAIN = 1000;

const pause = (signal) =>
  new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, AGAIN);
    signal.addEventListener("abort", stop);
  });

/** Gone for now: it can't be reached, or is stopping. */
const passing = (error) => error.code === "unreachable" || error.status === 503;

/**
 * Call `epochs(numbers, losses)` as epochs end; resolves to the update as it ended.
 * Throws a Problem where there is no such update, and AbortError where the signal says stop.
 */
export async function follow(id, signal, epochs) {
  const numbers = [];
  const losses = [];
  let after = 0;
  let finished = false;
  while (true) {
    try {
      for await (const { id: seq, event, data } of events("GET", `/v1/updates/${id}/events`, { after, signal })) {
        after = Number(seq);
        if (event === "epoch_end" && data.loss_value !== null) {
          numbers.push(data.epoch_index + 1);
          losses.push(data.loss_value);
          epochs(numbers, losses);
        }
        finished ||= event === "finished";
      }
      if (finished) return await get(`/v1/updates/${id}`, { signal });
    } catch (error) {
      if (!passing(error)) throw error;
    }
    await pause(signal);
  }
}
