import type { Conflict, Fault, Problem, Receipt } from "./types.js";

const SHOWN = 5;

/** What this package throws of its own. */
export class SitewattError extends Error {
  override name = "SitewattError";
}

/** There was no answer: no connection, a broken one, or none in time. */
export class Unreachable extends SitewattError {
  override name = "Unreachable";
}

/** An answer that is not the service's, for it is no JSON; most likely a proxy's or a portal's. */
export class UnexpectedAnswer extends SitewattError {
  override name = "UnexpectedAnswer";

  constructor(readonly status: number, text: string) {
    super(`status ${status}: ${text.slice(0, 200)}`);
  }
}

/** The service refuses the request. The message shows the first faults, with pointer and hint. */
export class SitewattProblem extends SitewattError {
  override name = "SitewattProblem";

  constructor(readonly document: Problem) {
    super(text(document));
  }

  get status(): number {
    return this.document.status;
  }

  /** The kind of problem, the last word of its type, as `unknown-site`; it never changes. */
  get kind(): string {
    return this.document.type.slice(this.document.type.lastIndexOf("/") + 1);
  }

  /** The faults of the request, the first 100 of them. */
  get faults(): Fault[] {
    return this.document.errors ?? [];
  }
}

/** Some readings have other values stored, which stay; the other readings are stored. */
export class ReadingsConflict extends SitewattProblem {
  override name = "ReadingsConflict";

  constructor(document: Problem, readonly receipt: Receipt) {
    super(document);
  }

  /** The first 100 conflicts; the receipt has their number. */
  get conflicts(): Conflict[] {
    return this.document.conflicts ?? [];
  }
}

/** The error of an answer with an error status. */
export async function errorOf(response: Response): Promise<SitewattError> {
  const body = await response.text();
  const document = problemOf(body);
  if (document === undefined) return new UnexpectedAnswer(response.status, body);
  const { receipt } = document;
  return receipt === undefined
    ? new SitewattProblem(document)
    : new ReadingsConflict(document, receipt);
}

/** Promise that an answer is JSON, or nothing at all; throws UnexpectedAnswer. */
export async function promiseJson(response: Response): Promise<void> {
  const body = await response.clone().text();
  try {
    if (body !== "") JSON.parse(body);
  } catch {
    throw new UnexpectedAnswer(response.status, body);
  }
}

/** The problem document that a body is, if it is one. */
export function problemOf(body: string): Problem | undefined {
  try {
    const read: unknown = JSON.parse(body);
    const isOne = typeof read === "object" && read !== null && "type" in read && "detail" in read;
    return isOne ? (read as Problem) : undefined;
  } catch {
    return undefined;
  }
}

function text(document: Problem): string {
  const faults = (document.errors ?? []).map(
    ({ pointer, name, detail, hint }) =>
      `  ${pointer || name || "as a whole"}: ${detail}${hint === undefined ? "" : ` (${hint})`}`,
  );
  const more = faults.length > SHOWN || document.more === true ? ["  ... and more"] : [];
  const first = `${document.status} ${document.title}: ${document.detail}`;
  return [first, ...faults.slice(0, SHOWN), ...more].join("\n");
}
