import type { components } from "./contract.js";

type Schemas = components["schemas"];

/** What a site is. */
export type Site = Schemas["Site"];
export type NewSite = Schemas["NewSite"];
/** How a site is built, and since when. */
export type Configuration = Schemas["ConfigurationRevision"];
export type NewConfiguration = Schemas["NewConfiguration"];
/** What a site did at one moment: each member is a value. */
export type Reading = Schemas["Reading"];
/** Readings by column: each member is an array, all of one length. */
export type ReadingColumns = Schemas["ReadingColumns"];
/** Readings as the service gives them: `dt-stamp`, and the columns that were asked for. */
export type ReadingSeries = Schemas["ReadingSeries"];
export type SiteReadings = Schemas["SiteReadings"];
export type SiteLatest = Schemas["SiteLatest"];
/** What became of the readings of a push. */
export type Receipt = Schemas["Receipt"];
export type SiteReceipt = Schemas["SiteReceipt"];
export type ValueColumn = Schemas["ValueColumn"];
/** Why a request was refused (RFC 9457). */
export type Problem = Schemas["Problem"];
export type Fault = Schemas["Fault"];
export type Conflict = Schemas["Conflict"];

/** Whether readings are columns, and not one reading: as the contract tells them apart. */
export function isColumns(readings: Reading | ReadingColumns): readings is ReadingColumns {
  return Array.isArray(readings["dt-stamp"]);
}
