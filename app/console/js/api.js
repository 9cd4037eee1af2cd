/** The public HTTP contract: calls, streams, and problem documents as errors. */

import { keep, recall } from "./storage.js";

const TOKEN = "attune.token";
const TYPE = "urn:attune:problem:";
const listeners = { online: new Set(), token: new Set(), admitted: new Set() };
let online = true;
let barred = false;

/** A problem document (RFC 9457), or what stands for one where the service can't be reached. */
export class Problem extends Error {
  constructor({ type = "", title = "", status = 0, detail = "", errors = [], allowed = [] }) {
    super(title);
    this.code = type.replace(TYPE, "");
    Object.assign(this, { title, status, detail, errors, allowed });
  }
}

export const unreachable = () => new Problem({ type: `${TYPE}unreachable`, title: "The service can't be reached" });

/** Be told whether the service answers (`online`), that it asks for its token (`token`), and that it took it (`admitted`). */
export const onApi = (event, listener) => listeners[event].add(listener);

function reached(answers) {
  if (answers === online) return;
  online = answers;
  for (const listener of listeners.online) listener(answers);
}

/** Keep the token until the tab is closed. */
export const setToken = (token) => keep("sessionStorage", TOKEN, token);

async function problemOf(response) {
  try {
    return new Problem(await response.json());
  } catch {
    return new Problem({ title: response.statusText || "Not a problem document", status: response.status });
  }
}

/** The token was taken or refused; what an answer says of one that was replaced meanwhile is of no interest. */
function judged(token, taken) {
  if (token !== recall("sessionStorage", TOKEN) || (taken && !barred)) return;
  barred = !taken;
  if (taken) for (const listener of listeners.admitted) listener();
  else for (const listener of listeners.token) listener(Boolean(token));
}

/** What a call that got no answer throws: the caller's own abort as it is; a limit of time is the service's failure. */
function lost(error, signal) {
  if (error.name === "AbortError" && signal?.reason?.name !== "TimeoutError") return error;
  reached(false);
  return unreachable();
}

async function send(method, path, { body, headers = {}, signal } = {}) {
  const sent = { ...headers };
  const token = recall("sessionStorage", TOKEN);
  if (token) sent.Authorization = `Bearer ${headerText(token)}`;
  if (body !== undefined) sent["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(path.replace(/^\//, ""), {
      method, headers: sent, signal, cache: "no-store", credentials: "omit",
      body: body === undefined || typeof body === "string" ? body : JSON.stringify(body),
    });
  } catch (error) {
    throw lost(error, signal);
  }
  reached(true);
  if (response.ok) {
    if (path.startsWith("/v1/")) judged(token, true);
    return response;
  }
  const problem = await problemOf(response);
  if (response.status === 401) judged(token, false);
  throw problem;
}

/** One call, and its answer as it came. A string as `body` is JSON already. Throws a Problem, also where it breaks off. */
export async function text(method, path, options) {
  const response = await send(method, path, options);
  try {
    return await response.text();
  } catch (error) {
    throw lost(error, options?.signal);
  }
}

/** One call, and what its answer says; null where that is nothing. */
export async function call(method, path, options) {
  const answer = await text(method, path, options);
  return answer === "" ? null : JSON.parse(answer);
}

export const get = (path, options) => call("GET", path, options);
export const put = (path, body) => call("PUT", path, { body });
export const post = (path, body = {}, options = {}) => call("POST", path, { ...options, body });
export const remove = (path) => call("DELETE", path);

const turns = new Map();

/** Run the jobs of one key one after the other, in order; one that fails does not stop the next. Gives the job's promise. */
export function inTurn(key, job) {
  const mine = (turns.get(key) ?? Promise.resolve()).then(job);
  turns.set(key, mine.catch(() => {}));
  return mine;
}

function parsed(block) {
  const event = { id: null, event: "message", data: "" };
  for (const line of block.split("\n")) {
    const [, field, value] = /^(\w+):? ?(.*)$/.exec(line) ?? [];
    if (field === "data") event.data += (event.data && "\n") + value;
    else if (field === "id" || field === "event") event[field] = value;
  }
  return event.data === "" ? null : { ...event, data: JSON.parse(event.data) };
}

/** Server-sent events by fetch, as EventSource sends no token. Throws a Problem, also where the stream breaks off. */
export async function* events(method, path, { body, after = 0, signal } = {}) {
  const headers = { Accept: "text/event-stream", ...(after ? { "Last-Event-ID": String(after) } : {}) };
  const response = await send(method, path, { body, headers, signal });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  while (true) {
    let piece;
    try {
      piece = await reader.read();
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw unreachable();
    }
    if (piece.done) return;
    const blocks = (rest + piece.value).replaceAll("\r\n", "\n").split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const event = parsed(block);
      if (event) yield event;
    }
  }
}

/** A header's value: its UTF-8 bytes, one a character, as fetch takes nothing else. */
export const headerText = (text) => String.fromCharCode(...new TextEncoder().encode(text));
