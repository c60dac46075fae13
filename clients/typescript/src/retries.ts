import { isObject, isOfRows, objectOf, problemOf } from "./documents.js";
import { SitewattError, Unreachable } from "./errors.js";

// Nobody knows: sent again when it counts once, however often it is sent.
const NOBODY_KNOWS = new Set([502, 503, 504]);
const FIRST_PAUSE = 200;
const LONGEST_PAUSE = 15_000;
// 24 days: a timer for longer ends at once.
const LONGEST_TIMER = 2 ** 31 - 1;
// Node's signals know the requests that follow them weakly; by what the caller's reaches a body.
const needed = new WeakMap<ReadableStream, unknown>();

export interface Patience {
  /** How long an answer may take, in milliseconds; of CSV and NDJSON, how long to begin. */
  timeout: number;
  /** How long a request is sent again, in milliseconds; 0 for once. */
  patience: number;
}

/** A `fetch` that sends again what may be sent again, and waits as Retry-After asks. */
export function patient(send: typeof fetch, { timeout, patience }: Patience): typeof fetch {
  return async (input, init) => {
    const request = new Request(input, init);
    const again = await countsOnce(request);
    const until = performance.now() + patience;
    for (let attempt = 0; ; attempt += 1) {
      request.signal.throwIfAborted();
      const outcome = await tried(send, request, timeout);
      request.signal.throwIfAborted();
      const mayRepeat =
        outcome instanceof Response
          ? (await isSurelyNotDone(outcome)) || (again && NOBODY_KNOWS.has(outcome.status))
          : again;
      const pause = outcome instanceof Response ? pauseOf(attempt, outcome) : pauseOf(attempt);
      if (!mayRepeat || performance.now() + pause > until) {
        if (!(outcome instanceof Response)) throw outcome;
        if (outcome.body !== null) needed.set(outcome.body, [input, request]);
        return outcome;
      }
      await paused(pause, request.signal);
    }
  };
}

async function tried(
  send: typeof fetch,
  request: Request,
  timeout: number,
): Promise<Response | SitewattError> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), Math.min(timeout, LONGEST_TIMER));
  try {
    const signal = AbortSignal.any([request.signal, late.signal]);
    // A redirect makes a GET of a POST, whose answer would be taken for that of the POST.
    return await whole(await send(request.clone(), { signal, redirect: "manual" }));
  } catch (cause) {
    const said = late.signal.aborted ? `no answer within ${timeout} ms` : "no answer";
    return new Unreachable(`${request.method} ${request.url}: ${said}`, { cause });
  } finally {
    clearTimeout(timer);
  }
}

/** The answer once all of it has come; one in rows at once, for it may go on for long. */
async function whole(response: Response): Promise<Response> {
  const { status, statusText, headers, url } = response;
  const isStreamed = response.ok && isOfRows(headers.get("Content-Type"));
  if (response.body === null || isStreamed) return response;
  const content = await response.arrayBuffer();
  const answer = new Response(content, { status, statusText, headers });
  return Object.defineProperty(answer, "url", { value: url });
}

/** Whether the service says that it has done nothing: then any request is sent again. */
async function isSurelyNotDone(response: Response): Promise<boolean> {
  if (response.status !== 503) return response.status === 429;
  return problemOf(await response.clone().text(), 503)?.type === "/problems/overloaded";
}

async function paused(pause: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, Math.min(pause, LONGEST_TIMER));
    signal.addEventListener("abort", stop, { once: true });
  });
}

/**
 * Whether it is the same to send a request once or several times: what reads, dry runs, readings
 * that replace nothing, configurations, and sites with ids of their own.
 */
async function countsOnce(request: Request): Promise<boolean> {
  const { pathname, searchParams } = new URL(request.url);
  if (request.method === "GET" || searchParams.get("dry_run") === "true") return true;
  if (request.method !== "POST") return false;
  if (pathname.endsWith("/live")) return searchParams.get("on_conflict") !== "replace";
  if (pathname.endsWith("/configuration")) return true;
  return pathname.endsWith("/sites") && haveIds(await request.clone().text());
}

function haveIds(body: string): boolean {
  const read = objectOf(body) ?? {};
  const { sites = [read] } = read;
  return Array.isArray(sites) && sites.every((site) => isObject(site) && "id" in site);
}

function pauseOf(attempt: number, response?: Response): number {
  const backoff = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** attempt);
  return (response === undefined ? 0 : retryAfter(response.headers)) + Math.random() * backoff;
}

/** The milliseconds that Retry-After asks for; a moment is one on the clock of who sent it. */
function retryAfter(headers: Headers): number {
  const value = headers.get("Retry-After") ?? "";
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  const now = momentOf(headers.get("Date")) ?? Date.now();
  return Math.max(0, (momentOf(value) ?? now) - now);
}

/** The moment of an HTTP date (RFC 9110); `Date.parse` alone would take `3600.5` for a year. */
function momentOf(value: string | null): number | undefined {
  const moment = value?.endsWith(" GMT") ? Date.parse(value) : Number.NaN;
  return Number.isNaN(moment) ? undefined : moment;
}
