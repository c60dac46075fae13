// The client when its caller gives up, and what is left of a call that has ended.
import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { SitewattClient } from "../src/index.js";
import { DONE, later, met, type Said, seen } from "./answers.js";

setFlagsFromString("--expose-gc");
const collect: () => void = runInNewContext("gc");

async function collected(): Promise<void> {
  for (let times = 0; times < 5; times += 1) {
    collect();
    await later(20, "collected");
  }
}

const list = (signal: AbortSignal) => (client: SitewattClient) =>
  client.api.GET("/v1/sites", { signal });
const BUSY: Said = { status: 429, headers: { "Retry-After": "4" } };

test("who gives up does not wait for the pause, nor for an answer", async () => {
  for (const given of [BUSY, { ...DONE, then: "stalls" } as const]) {
    const stop = new AbortController();
    const call = met([given, DONE], list(stop.signal));
    while (seen.length === 0) await later(5, "looked");
    setTimeout(() => stop.abort(new Error("enough")), 50);
    const [error, times] = await Promise.race([call, later(3_000, ["waited", 1])]);
    assert.match(String(error), /enough/);
    assert.equal(times, 1);
  }
});

test("who gives up at any moment between an answer and the pause waits for none", async () => {
  for (let moment = 0; moment < 60; moment += 1) {
    const stop = new AbortController();
    const send: typeof fetch = async (input, init) => {
      const answer = await fetch(input, init);
      const body = await answer.text();
      void (async () => {
        for (let step = 0; step < moment; step += 1) await undefined;
        stop.abort(new Error("enough"));
      })();
      return new Response(body, answer);
    };
    const full = { ...BUSY, status: 503, body: "{}" };
    const call = met([full], list(stop.signal), { fetch: send });
    const [error] = await Promise.race([call, later(3_000, ["waited"])]);
    assert.match(String(error), /enough/, `after ${moment} steps`);
  }
});

test("who has given up before sends nothing", async () => {
  const signal = AbortSignal.abort(new Error("never"));
  let sent = 0;
  const send: typeof fetch = (input) => {
    sent += 1;
    return fetch(input);
  };
  const [error] = await met([DONE], list(signal), { fetch: send });
  assert.match(String(error), /never/);
  assert.equal(sent, 0);
});

test("who gives up ends rows that come, however long they have come", async () => {
  const stop = new AbortController();
  const head = { "Content-Type": "text/csv" };
  const slow: Said = { status: 200, headers: head, body: "dt-stamp\n", then: "stalls" };
  const [stream] = await met([slow], async (c) => {
    const { data } = await c.api.GET("/v1/sites/{site_id}/live", {
      params: { path: { site_id: 1 } },
      headers: { Accept: "text/csv" },
      parseAs: "stream",
      signal: stop.signal,
    });
    return data;
  });
  const reader = (stream as ReadableStream<Uint8Array>).getReader();
  await reader.read();
  await collected();
  setTimeout(() => stop.abort(new Error("enough")), 50);
  await assert.rejects(Promise.race([reader.read(), later(3_000, "went on")]), /enough/);
});

test("a call that has ended leaves neither a timer nor a listener", async () => {
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
  const stop = new AbortController();
  const before = timers();
  const once = { timeout: 60_000, patience: 0 };
  for (const given of [DONE, { status: 0 }, { ...DONE, then: "breaks" }, BUSY] as Said[]) {
    await met([given], list(stop.signal), once);
  }
  const paused = new AbortController();
  const call = met([{ ...BUSY, headers: { "Retry-After": "50" } }], list(paused.signal), {
    ...once,
    patience: 60_000,
  });
  while (seen.length === 0) await later(5, "looked");
  setTimeout(() => paused.abort(), 50);
  await call;
  assert.equal(timers(), before);
  await met([{ ...BUSY, headers: { "Retry-After": "0" } }, DONE], list(stop.signal));
  await collected();
  assert.deepEqual(getEventListeners(stop.signal, "abort"), []);
});
