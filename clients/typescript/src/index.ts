export {
  createSitewattClient,
  rowsOf,
  type Options,
  type PushOptions,
  type Range,
  type SitewattClient,
} from "./client.js";
export type { components, operations, paths } from "./contract.js";
export {
  ReadingsConflict,
  SitewattError,
  SitewattProblem,
  UnexpectedAnswer,
  Unreachable,
} from "./errors.js";
export * from "./types.js";
