// Fastify with ajv, on MongoDB's driver.

import {
  NAMES, MOST_ROWS, columns, createService, listen, parsed, site, stamp,
} from "../common/fastify_service.mjs";
import { openLive } from "./mongodb_live.mjs";

const END_MS = 4_291_747_200_000;

const live = await openLive(process.env.BENCH_MONGODB_URI);
const service = await createService(live);

const range = {
  params: site,
  querystring: {
    type: "object",
    additionalProperties: false,
    properties: {
      from: stamp,
      to: stamp,
      order: { type: "string", enum: ["asc", "desc"], default: "asc" },
      limit: { type: "integer", minimum: 1, maximum: MOST_ROWS, default: 1000 },
    },
  },
  response: { 200: columns },
};

// The readings of a half-open range; an answer that is cut short has a Link.
service.get("/v1/sites/:siteId/live", { schema: range }, async (request, reply) => {
  const { from, to, order, limit } = request.query;
  const start = from === undefined ? 0 : parsed(from);
  const end = to === undefined ? END_MS : parsed(to);
  const { siteId } = request.params;
  const found = await live.between(siteId, start, end, order === "desc", limit + 1);
  const stamps = found.map(({ _id }) => `${_id.stamp.toISOString().slice(0, 19)}Z`);
  if (found.length > limit) {
    const further = order === "asc" ? `from=${stamps.at(-1)}` : `to=${stamps.at(-2)}`;
    reply.header("link", `<?${further}&order=${order}&limit=${limit}>; rel="next"`);
    found.length = stamps.length = limit;
  }
  const series = { "dt-stamp": stamps };
  for (const name of NAMES) series[name] = found.map((document) => document[name]);
  return series;
});

await listen(service);
