import { ANSWERS, SHAPES } from "./shapes.js";
import type { Problem } from "./types.js";

type Members = Record<string, unknown>;

const ROWS = new Set(["text/csv", "application/x-ndjson"]);

/** Whether a header names one of the media types that come row by row, and no other. */
export function isOfRows(header: string | null): boolean {
  return ROWS.has(mediaTypeOf(header));
}

export function mediaTypeOf(header: string | null): string {
  return (header ?? "").replace(/;.*/, "").trim().toLowerCase();
}

/** The JSON object that a text is, if it is one: every JSON answer of the service is an object. */
export function objectOf(text: string): Members | undefined {
  try {
    const read: unknown = JSON.parse(text);
    return isObject(read) ? read : undefined;
  } catch {
    return undefined;
  }
}

export function isObject(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * What of a value is relied on: the kind of a plain one, the shape of each entry of a list, the
 * members that an object has to have and may have, or the name of a shape.
 */
export type Shape =
  | string
  | [Shape]
  | { needs: Record<string, Shape>; may: Record<string, Shape> }
  | { either: Shape[] };

/** Whether a value has a shape. Members that the shape does not name may be there. */
export function has(shape: Shape, value: unknown): boolean {
  if (typeof shape === "string") {
    const named = SHAPES[shape];
    return named === undefined ? typeof value === shape : has(named, value);
  }
  if (Array.isArray(shape)) {
    const [entry] = shape;
    return Array.isArray(value) && value.every((one) => has(entry, one));
  }
  if ("either" in shape) return shape.either.some((one) => has(one, value));
  return isObject(value) && haveMembers(value, shape.needs, true) && haveMembers(value, shape.may);
}

function haveMembers(value: Members, shapes: Record<string, Shape>, needed = false): boolean {
  return Object.entries(shapes).every(([name, shape]) =>
    Object.hasOwn(value, name) ? has(shape, value[name]) : !needed,
  );
}

/** Whether a document is what an operation, as `GET /v1/sites`, answers with when all is well. */
export function isAnswer(operation: string, document: Members): boolean {
  const shape = ANSWERS[operation];
  return shape === undefined || has(shape, document);
}

/** The problem document that a body is, with what a proxy's leaves out. */
export function problemOf(body: string, status: number): Problem | undefined {
  const read = objectOf(body);
  const whole = { request_id: "-", ...read, status };
  return read !== undefined && has("Problem", whole) ? (whole as unknown as Problem) : undefined;
}
