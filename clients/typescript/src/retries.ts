import { SitewattError, Unreachable } from "./errors.js";

// Surely not done: sent again, whatever it is.
const NOT_DONE = new Set([429]);
// Nobody knows: sent again when it counts once, however often it is sent.
const NOBODY_KNOWS = new Set([502, 503, 504]);
const FIRST_PAUSE = 200;
const LONGEST_PAUSE = 15_000;

export interface Patience {
  /** How long an answer may take to begin, in milliseconds. */
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
          ? NOT_DONE.has(outcome.status) || (again && NOBODY_KNOWS.has(outcome.status))
          : again;
      const pause = outcome instanceof Response ? pauseOf(attempt, outcome) : pauseOf(attempt);
      if (!mayRepeat || Date.now() + pause > until) {
        if (outcome instanceof Response) return outcome;
        throw outcome;
      }
      if (outcome instanceof Response) await outcome.body?.cancel();
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  };
}

async function tried(
  send: typeof fetch,
  request: Request,
  timeout: number,
): Promise<Response | SitewattError> {
  const late = new AbortController();
  // Of a stream only the beginning is waited for; it may go on as long as it likes.
  const timer = setTimeout(() => late.abort(), timeout);
  try {
    const signal = AbortSignal.any([request.signal, late.signal]);
    return await send(request.clone(), { signal });
  } catch (cause) {
    const said = late.signal.aborted ? `no answer within ${timeout} ms` : "no answer";
    return new Unreachable(`${request.method} ${request.url}: ${said}`, { cause });
  } finally {
    clearTimeout(timer);
  }
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
