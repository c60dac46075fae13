import { problemOf, SitewattError, Unreachable } from "./errors.js";

// What comes row by row is read as it comes; all else is an answer when all of it is there.
const STREAMED = /^(text\/csv|application\/x-ndjson)\b/;
// Nobody knows: sent again when it counts once, however often it is sent.
const NOBODY_KNOWS = new Set([502, 503, 504]);
const FIRST_PAUSE = 200;
const LONGEST_PAUSE = 15_000;

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
    const until = Date.now() + patience;
    for (let attempt = 0; ; attempt += 1) {
      const outcome = await tried(send, request, timeout);
      request.signal.throwIfAborted();
      const mayRepeat =
        outcome instanceof Response
          ? (await isSurelyNotDone(outcome)) || (again && NOBODY_KNOWS.has(outcome.status))
          : again;
      const pause = outcome instanceof Response ? pauseOf(attempt, outcome) : pauseOf(attempt);
      if (!mayRepeat || Date.now() + pause > until) {
        if (outcome instanceof Response) return outcome;
        throw outcome;
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
  const timer = setTimeout(() => late.abort(), timeout);
  try {
    const signal = AbortSignal.any([request.signal, late.signal]);
    return await whole(await send(request.clone(), { signal }));
  } catch (cause) {
    const said = late.signal.aborted ? `no answer within ${timeout} ms` : "no answer";
    return new Unreachable(`${request.method} ${request.url}: ${said}`, { cause });
  } finally {
    clearTimeout(timer);
  }
}

/** The answer once all of it has come; one in rows at once, for it may go on as long as it likes. */
async function whole(response: Response): Promise<Response> {
  const isStreamed = STREAMED.test(response.headers.get("Content-Type") ?? "");
  if (response.body === null || (response.ok && isStreamed)) return response;
  const { status, statusText, headers } = response;
  const content = await response.arrayBuffer();
  return new Response(content, { status, statusText, headers });
}

/** Whether the service says that it has done nothing: such a request is sent again, whatever it is. */
async function isSurelyNotDone(response: Response): Promise<boolean> {
  if (response.status !== 503) return response.status === 429;
  return problemOf(await response.clone().text())?.type === "/problems/overloaded";
}

function paused(pause: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, pause);
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
  const read: unknown = JSON.parse(body);
  const { sites = [read] } = read as { sites?: unknown[] };
  return sites.every((site) => typeof site === "object" && site !== null && "id" in site);
}

function pauseOf(attempt: number, response?: Response): number {
  const backoff = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** attempt);
  return retryAfter(response?.headers.get("Retry-After")) + Math.random() * backoff;
}

function retryAfter(value: string | null | undefined): number {
  if (value === null || value === undefined) return 0;
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  const moment = Date.parse(value);
  return Number.isNaN(moment) ? 0 : Math.max(0, moment - Date.now());
}
