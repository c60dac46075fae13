// Fastify with ajv: schemas for what JSON Schema can say, a few lines for what it cannot.
// The service on any store of readings that has the methods `push` and `latest`.

import { hash, randomBytes, timingSafeEqual } from "node:crypto";
import responseValidation from "@fastify/response-validation";
import Ajv from "ajv";
import fastify from "fastify";

const KEY_DIGEST = sha256(process.env.BENCH_KEY);
export const NAMES = [
  "soc", "load_kwh", "net_load_kwh", "pv_notification", "bio_notification", "cro_notification",
];
export const MOST_ROWS = 10_000;
const MOST_BYTES = 2 * 1024 * 1024;
const GRACE_MS = 24 * 3600 * 1000;
const END_MS = 4_291_747_200_000;
const INSTANT =
  "^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.0+)?" +
  "([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])?$";

export const stamp = { type: "string", minLength: 19, maxLength: 40, pattern: INSTANT };
const soc = { type: "number", minimum: 0, maximum: 100 };
const energy = { type: "number", minimum: 0, maximum: 1_000_000_000 };
const notification = { type: "boolean" };
const count = { type: "integer", minimum: 0, maximum: MOST_ROWS };
const reading = {
  type: "object",
  additionalProperties: false,
  required: ["dt-stamp", ...NAMES],
  properties: {
    "dt-stamp": stamp, soc, load_kwh: energy, net_load_kwh: energy,
    pv_notification: notification, bio_notification: notification, cro_notification: notification,
  },
};
export const columns = {
  ...reading,
  properties: Object.fromEntries(
    Object.entries(reading.properties).map(([name, items]) => [
      name, { type: "array", maxItems: MOST_ROWS, items },
    ]),
  ),
};
const receipt = {
  type: "object",
  additionalProperties: false,
  required: ["received", "stored", "unchanged", "replaced", "conflicts"],
  properties: {
    received: count, stored: count, unchanged: count, replaced: count, conflicts: count,
    first: stamp, last: stamp,
  },
};
export const site = {
  type: "object",
  properties: { siteId: { type: "integer", minimum: 1, maximum: 2_147_483_647 } },
};
const push = {
  params: site,
  querystring: {
    type: "object",
    additionalProperties: false,
    properties: {
      on_conflict: { type: "string", enum: ["reject", "replace"], default: "reject" },
      dry_run: { type: "boolean", default: false },
    },
  },
  // As `oneOf`, ajv would try both; this asks once which of the two it is.
  body: {
    type: "object",
    required: ["dt-stamp"],
    if: { properties: { "dt-stamp": { type: "array" } } },
    then: columns,
    else: reading,
  },
  response: { 200: receipt, 201: receipt },
};

function sha256(text) {
  return hash("sha256", text, "buffer");
}

export function written(instant) {
  return new Date(instant).toISOString().replace(".000", "");
}

const DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

// The instant in milliseconds; the form has been checked by the pattern.
export function parsed(text) {
  const year = +text.slice(0, 4);
  const month = +text.slice(5, 7);
  const day = +text.slice(8, 10);
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  if (!(day >= 1 && day <= DAYS[month - 1]) || (month === 2 && day === 29 && !leap)) {
    throw invalid("a day that no calendar has");
  }
  let instant = Date.UTC(
    year, month - 1, day, +text.slice(11, 13), +text.slice(14, 16), +text.slice(17, 19),
  );
  const sign = text.at(-6);
  if (text.length > 19 && (sign === "+" || sign === "-")) {
    const offset = (+text.slice(-5, -3) * 60 + +text.slice(-2)) * 60_000;
    instant -= sign === "+" ? offset : -offset;
  }
  if (instant < 0 || instant >= END_MS) throw invalid("outside the years 1970 to 2105");
  return instant;
}

export function invalid(message) {
  return Object.assign(new Error(message), { statusCode: 422 });
}

// The rows by instant: what the schema cannot say is checked on the way.
function rows(body) {
  const latest = Date.now() + GRACE_MS;
  const stamps = body["dt-stamp"];
  const readings = new Map();
  if (typeof stamps === "string") {
    readings.set(notAfter(parsed(stamps), latest), NAMES.map((name) => body[name]));
    return readings;
  }
  const values = NAMES.map((name) => body[name]);
  if (values.some((column) => column.length !== stamps.length)) {
    throw invalid("columns must have as many values as `dt-stamp`");
  }
  for (let row = 0; row < stamps.length; row++) {
    const [a, b, c, d, e, f] = values;
    const instant = notAfter(parsed(stamps[row]), latest);
    readings.set(instant, [a[row], b[row], c[row], d[row], e[row], f[row]]);
  }
  if (readings.size !== stamps.length) throw invalid("an instant stands in the list twice");
  return readings;
}

function notAfter(instant, latest) {
  if (instant > latest) throw invalid("more than 24 hours ahead");
  return instant;
}

const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/;

// The routes on a store; the application does not listen yet.
export async function createService(store) {
  const app = fastify({
    logger: false,
    bodyLimit: MOST_BYTES,
    genReqId(request) {
      const given = request.headers["x-request-id"];
      return given && REQUEST_ID.test(given) ? given : randomBytes(8).toString("hex");
    },
  });

  // Fastify's own ajv turns "10" into 10 and drops unknown members: right for a query, wrong for JSON.
  const strict = new Ajv({ coerceTypes: false, removeAdditional: false });
  const lenient = new Ajv({ coerceTypes: true, removeAdditional: false, useDefaults: true });
  app.setValidatorCompiler(({ schema, httpPart }) =>
    (httpPart === "body" ? strict : lenient).compile(schema),
  );

  app.addHook("onRequest", async (request, reply) => {
    reply.header("x-request-id", request.id);
    const key = request.headers["x-api-key"];
    if (!key || !timingSafeEqual(sha256(key), KEY_DIGEST)) {
      reply.header("www-authenticate", "Bearer");
      throw Object.assign(new Error("the key is not known"), { statusCode: 401 });
    }
  });

  await app.register(responseValidation);

  app.post("/v1/sites/:siteId/live", { schema: push }, async (request, reply) => {
    const { on_conflict: onConflict, dry_run: dryRun } = request.query;
    const readings = rows(request.body);
    const stored = await store.push(request.params.siteId, readings, onConflict === "replace", dryRun);
    reply.code(stored.stored && !dryRun ? 201 : 200);
    return stored;
  });

  const latest = { params: site, response: { 200: reading } };

  app.get("/v1/sites/:siteId/live/latest", { schema: latest }, async (request) => {
    const [instant, values] = await store.latest(request.params.siteId);
    const [soc, load, net, pv, bio, cro] = values;
    return {
      "dt-stamp": written(instant), soc, load_kwh: load, net_load_kwh: net,
      pv_notification: pv, bio_notification: bio, cro_notification: cro,
    };
  });
  return app;
}

export async function listen(app) {
  await app.listen({ host: "127.0.0.1", port: Number(process.env.BENCH_PORT) });
}
