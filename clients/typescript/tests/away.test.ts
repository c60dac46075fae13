// The client when the service is away, slow or full.
import assert from "node:assert/strict";
import { test } from "node:test";
import { SitewattProblem, UnexpectedAnswer, Unreachable } from "../src/index.js";
import { DONE, later, met, nameless, push, RECEIPT, replace, type Said, seen } from "./answers.js";

test("what counts once is sent again, and what does not is not", async () => {
  const gone = [{ status: 0 }, { status: 503 }, DONE];
  assert.deepEqual(await met(gone, push), [RECEIPT, 3]);
  assert.equal(seen[0], "POST Bearer hush");
  const once = await met(gone, replace);
  assert.ok(once[0] instanceof Unreachable);
  assert.equal(once[1], 1);
  assert.equal((await met(gone, nameless))[1], 1);
  const site = { id: 1, name: "A", location: "b" };
  const created = { ...DONE, body: JSON.stringify({ ...site, time_zone: "UTC" }) };
  const named = await met([{ status: 0 }, { status: 503 }, created], (c) => c.createSite(site));
  assert.equal(named[1], 3);
  assert.equal((await met([{ status: 429 }, DONE], replace))[1], 2);
});

test("what is no site is sent for the service to refuse, and sent once", async () => {
  const document = { type: "/problems/invalid-body", title: "Bad", status: 422, detail: "bad" };
  const refused = { status: 422, body: JSON.stringify(document) };
  for (const body of [null, 7, { sites: {} }, { sites: [null] }, { sites: ["id"] }] as never[]) {
    const [error] = await met([refused], (c) => c.api.POST("/v1/sites", { body }));
    assert.ok(error instanceof SitewattProblem, String(error));
    const [, times] = await met([{ status: 502 }, DONE], (c) =>
      c.api.POST("/v1/sites", { body, bodySerializer: () => '{"id": 1' }),
    );
    assert.equal(times, 1);
  }
});

test("Retry-After is honoured, and not waited for when it is longer than patience", async () => {
  const asked = [{ status: 503, headers: { "Retry-After": "1" } }, DONE];
  const began = Date.now();
  assert.equal((await met(asked, push))[1], 2);
  assert.ok(Date.now() - began >= 1_000);
  const long = [{ status: 503, headers: { "Retry-After": "3600" }, body: "busy" }, DONE];
  const [error, times] = await met(long, push);
  assert.ok(error instanceof UnexpectedAnswer && error.status === 503);
  assert.equal(times, 1);
});

test("a moment in Retry-After is on the clock of the service; all else asks for none", async () => {
  const triesOf = async (asked: string, date = new Date()) => {
    const headers = { Date: date.toUTCString(), "Retry-After": asked };
    return (await met([{ status: 503, headers }, DONE], push))[1];
  };
  const hour = 3_600_000;
  const at = (milliseconds: number) => new Date(Date.now() + milliseconds);
  const [ahead, behind] = [at(hour), at(-hour)];
  assert.equal(await triesOf(new Date(ahead.getTime() + 1_000).toUTCString(), ahead), 2);
  assert.equal(await triesOf(new Date(behind.getTime() + 60_000).toUTCString(), behind), 1);
  assert.equal(await triesOf(at(hour).toUTCString()), 1);
  assert.equal(await triesOf(at(-hour).toUTCString()), 2);
  for (const neither of ["-5", "3600.5", "soon", "Tue, 99 Foo 2300 00:00:00 GMT", ""]) {
    assert.equal(await triesOf(neither), 2, neither);
  }
});

test("no time is too long for a timer", async () => {
  assert.deepEqual(await met([DONE], push, { timeout: Infinity }), [RECEIPT, 1]);
  const stop = new AbortController();
  const months = { status: 429, headers: { "Retry-After": "5000000" } };
  const call = met(
    [months, months, months, DONE],
    (c) => c.api.GET("/v1/sites", { signal: stop.signal }),
    { patience: Infinity },
  );
  assert.equal(await Promise.race([call, later(300, "waits")]), "waits");
  stop.abort();
  assert.equal((await call)[1], 1);
});

test("patience ends though the clock of the day is set back", async () => {
  const busy = { status: 429, headers: { "Retry-After": "1" } };
  const { now } = Date;
  const stopped = now();
  Date.now = () => stopped;
  try {
    assert.equal((await met([busy, busy, DONE], push, { patience: 1_500 }))[1], 2);
  } finally {
    Date.now = now;
  }
});

test("a body that breaks off or stalls is no answer, and is asked for again", async () => {
  for (const then of ["breaks", "stalls"] as const) {
    const half = { ...DONE, then };
    assert.deepEqual(await met([half, DONE], push, { timeout: 500 }), [RECEIPT, 2]);
    const [error, times] = await met([half, DONE], replace, { timeout: 500 });
    assert.ok(error instanceof Unreachable, String(error));
    assert.equal(times, 1);
    const page = { ...half, status: 500, headers: { "Content-Type": "text/html" } };
    assert.ok((await met([page], replace, { timeout: 500 }))[0] instanceof Unreachable);
  }
});

test("rows are read as they come, for longer than an answer may take", async () => {
  const head = { "Content-Type": "text/csv; charset=utf-8" };
  const slow: Said = { status: 200, headers: head, body: "dt-stamp\n", then: "stalls" };
  const [stream] = await met([slow], (c) => c.csv(1), { timeout: 300 });
  const reader = (stream as ReadableStream<Uint8Array>).getReader();
  assert.equal(new TextDecoder().decode((await reader.read()).value), "dt-stamp\n");
  const more = reader.read();
  assert.equal(await Promise.race([more, later(600, "nothing yet")]), "nothing yet");
  await reader.cancel();
});

test("a service that is full has done nothing, and is asked again whatever it was", async () => {
  const document = { type: "/problems/overloaded", title: "x", status: 503, detail: "y" };
  const full = { status: 503, body: JSON.stringify(document) };
  assert.equal((await met([full, DONE], nameless))[1], 2);
});
