// Fastify with ajv, on a store that keeps nothing.

import { createService, listen, written } from "../common/fastify_service.mjs";

const BROKEN = process.env.BENCH_BROKEN === "1";

const store = {
  async push(siteId, readings, overwrite, dryRun) {
    const number = BROKEN ? -1 : readings.size;
    const receipt = {
      received: number, stored: number, unchanged: 0, replaced: 0, conflicts: 0,
    };
    if (readings.size) {
      let first = Infinity;
      let last = -Infinity;
      for (const instant of readings.keys()) {
        if (instant < first) first = instant;
        if (instant > last) last = instant;
      }
      receipt.first = written(first);
      receipt.last = written(last);
    }
    return receipt;
  },
  async latest(siteId) {
    return [1_672_531_200_000, [BROKEN ? 101 : 20, 500, 600, true, false, false]];
  },
};

await listen(await createService(store));
