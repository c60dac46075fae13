import { isAnswer, isOfRows, mediaTypeOf, objectOf, problemOf } from "./documents.js";
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

/**
 * An answer that the contract does not know; most likely a proxy's or a portal's: a redirect, a
 * page, nothing or another document than the operation answers with, an error status without a
 * problem document.
 */
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

/**
 * Promise that an answer is one that the contract knows of an operation, as `GET /v1/sites`; throws
 * what it is else.
 */
export async function promiseDeclared(
  operation: string,
  response: Response,
  accept: string | null,
  parseAs: string,
): Promise<void> {
  if (!response.ok && response.status !== 304) throw await errorOf(response);
  const { status, headers } = response;
  if (status === 204 || status === 304) return;
  const type = mediaTypeOf(headers.get("Content-Type"));
  const isOther = isOfRows(accept) && mediaTypeOf(accept) !== type;
  if (!isOther && parseAs !== "json") return;
  if (isOfRows(type)) {
    await response.body?.cancel();
    throw new UnexpectedAnswer(status, `rows as ${type}, which were not asked for`);
  }
  const body = await response.clone().text();
  const document = objectOf(body);
  if (isOther || document === undefined || !isAnswer(operation, document)) {
    throw new UnexpectedAnswer(status, body);
  }
}

async function errorOf(response: Response): Promise<SitewattError> {
  const { status, headers } = response;
  const body = await response.text();
  if (status < 400) {
    const address = headers.get("Location") ?? "another address";
    return new UnexpectedAnswer(status, `leads to ${address}`);
  }
  const document = problemOf(body, status);
  if (document === undefined) return new UnexpectedAnswer(status, body);
  const { receipt } = document;
  return receipt === undefined
    ? new SitewattProblem(document)
    : new ReadingsConflict(document, receipt);
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
