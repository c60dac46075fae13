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

/** The problem document that a body is, if what this package reads of it is as it should be. */
export function problemOf(body: string, status: number): Problem | undefined {
  const read = objectOf(body);
  const isOne =
    read !== undefined &&
    haveTexts(read, "type", "title", "detail") &&
    are(read["errors"] ?? [], isFault) &&
    are(read["conflicts"] ?? [], isConflict) &&
    isObject(read["receipt"] ?? {});
  return isOne ? ({ request_id: "-", ...read, status } as unknown as Problem) : undefined;
}

function isFault(value: unknown): boolean {
  if (!haveTexts(value, "in", "detail", "keyword")) return false;
  return ["pointer", "name", "hint"].every((name) => typeof (value[name] ?? "") === "string");
}

function isConflict(value: unknown): boolean {
  if (!haveTexts(value, "dt-stamp")) return false;
  return are(value["columns"], (name) => typeof name === "string");
}

function are(values: unknown, isOne: (value: unknown) => boolean): boolean {
  return Array.isArray(values) && values.every(isOne);
}

function haveTexts(value: unknown, ...names: string[]): value is Members {
  return isObject(value) && names.every((name) => typeof value[name] === "string");
}
