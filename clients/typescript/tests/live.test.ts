// The client against a real service, whose address is in SITEWATT_URL.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, test } from "node:test";
import {
  createSitewattClient,
  isColumns,
  type NewConfiguration,
  type Reading,
  type ReadingColumns,
  ReadingsConflict,
  SitewattProblem,
  UnexpectedAnswer,
  Unreachable,
} from "../src/index.js";

const url = process.env["SITEWATT_URL"] ?? "http://127.0.0.1:8080";
const sites = createSitewattClient({ url });
const called = new Set<string>();
sites.api.use({
  onRequest({ schemaPath, request }) {
    called.add(`${request.method} ${schemaPath}`);
  },
});

/** The first key closes the service to who has none; without any it is open again. */
async function callThoseOfKeys() {
  const first = await sites.api.POST("/v1/keys", { body: { scopes: ["admin"] } });
  const { key, id } = first.data ?? { key: "", id: "" };
  const headers = { Authorization: `Bearer ${key}` };
  const listed = await sites.api.GET("/v1/keys", { headers });
  assert.deepEqual(
    listed.data?.keys.map((one) => one.id),
    [id],
  );
  const path = { key_id: id };
  const rotated = await sites.api.POST("/v1/keys/{key_id}/rotation", { params: { path }, headers });
  const left = await sites.api.DELETE("/v1/keys/{key_id}", {
    params: { path: { key_id: rotated.data?.id ?? "" } },
    headers: { Authorization: `Bearer ${rotated.data?.key}` },
  });
  assert.equal(left.response.status, 204);
}

const BATTERY = { vendor: "Tesla", capacity_kwh: 3100, max_power_kw: 400 } as const;
const BRIEF_CONFIGURATION: NewConfiguration = {
  id: 1,
  battery: BATTERY,
  production: { pv: { units: 1, kwp: 500 }, bio: { units: 0 }, cro: { units: 2, kwp: 800 } },
};
const BRIEF_LIVE: ReadingColumns = {
  "dt-stamp": ["2023-01-01 00:00:00", "2023-01-01 00:10:00", "2023-01-01 00:20:00"],
  soc: [0, 10, 20],
  load_kwh: [350, 600, 500],
  net_load_kwh: [400, 700, 600],
  pv_notification: [true, true, true],
  bio_notification: [false, false, false],
  cro_notification: [false, false, false],
};
const READING: Reading = {
  "dt-stamp": "2023-01-01T00:30:00.000Z",
  soc: 30,
  load_kwh: 1,
  net_load_kwh: 2,
  pv_notification: true,
  bio_notification: false,
  cro_notification: false,
};

async function all<T>(generator: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const one of generator) found.push(one);
  return found;
}

test("the brief's documents are pushed as they stand", async () => {
  const created = await sites.createSites([{ name: "Willo Woods", location: "north", id: 1 }]);
  assert.deepEqual(created, [
    { id: 1, name: "Willo Woods", location: "north", time_zone: "UTC" },
  ]);
  const { revision } = await sites.pushConfiguration(1, BRIEF_CONFIGURATION);
  assert.equal(revision, 1);
  const { stored, conflicts } = await sites.push(1, BRIEF_LIVE);
  assert.deepEqual([stored, conflicts], [3, 0]);
  assert.equal((await sites.push(1, BRIEF_LIVE)).unchanged, 3);
  assert.equal((await sites.latest(1)).soc, 20);
  assert.equal((await sites.configuration(1)).battery.vendor, "Tesla");
});

test("a reading and columns are told apart, by types and by the value", async () => {
  const receipt = await sites.push(1, READING);
  assert.equal(receipt.stored, 1);
  const either: (Reading | ReadingColumns)[] = [READING, BRIEF_LIVE];
  assert.deepEqual(either.map(isColumns), [false, true]);
  // @ts-expect-error a reading has no columns
  const wrong: Reading = BRIEF_LIVE;
  assert.ok(wrong);
});

test("what is read is what was pushed, in pages, rows and CSV", async () => {
  const pages = await all(sites.pages(1, { limit: 2, from: "2023-01-01T00:00:00Z" }));
  assert.deepEqual(pages.map((page) => page["dt-stamp"].length), [2, 2]);
  const rows = await all(sites.readings(1, { limit: 3 }));
  assert.deepEqual(rows.map((row) => row.soc), [0, 10, 20, 30]);
  assert.deepEqual(rows[3], { ...READING, "dt-stamp": "2023-01-01T00:30:00Z" });
  const some = await all(sites.pages(1, { columns: ["soc", "load_kwh"] }));
  assert.deepEqual(Object.keys(some[0] ?? {}), ["dt-stamp", "soc", "load_kwh"]);
  const csv = await new Response(await sites.csv(1, { columns: ["soc"] })).text();
  assert.equal(csv.split("\r\n")[1], "2023-01-01T00:00:00Z,0");
});

test("sites and their latest readings come page after page", async () => {
  await sites.createSite({ id: 2, name: "Second", location: "south" });
  assert.deepEqual((await all(sites.sites())).map((site) => site.id), [1, 2]);
  assert.deepEqual(await all(sites.sites({ location: "south" })), [await sites.site(2)]);
  const fleet = [{ ...BRIEF_LIVE, id: 1 }, { ...BRIEF_LIVE, id: 2 }];
  const receipts = await sites.pushFleet(fleet);
  assert.deepEqual(receipts.map(({ receipt }) => receipt.stored), [0, 3]);
  const latest = await all(sites.latestOfAll());
  assert.deepEqual(latest.map(({ reading }) => reading?.soc), [30, 20]);
});

test("a problem is an error with its faults, pointers and hints", async () => {
  const broken = { ...BRIEF_LIVE, soc: [0, 110, 20] };
  await assert.rejects(sites.push(1, broken), (error) => {
    assert.ok(error instanceof SitewattProblem && !(error instanceof ReadingsConflict));
    assert.deepEqual([error.status, error.kind], [422, "invalid-body"]);
    assert.equal(error.faults[0]?.pointer, "/soc/1");
    assert.match(error.message, /^422 .*\n {2}\/soc\/1: must not be more than 100$/);
    return true;
  });
  await assert.rejects(sites.site(99), { status: 404, kind: "unknown-site" });
});

test("a conflict is delivered with its receipt, and replaced on demand", async () => {
  const changed = { ...READING, soc: 31 };
  await assert.rejects(sites.push(1, changed), (error) => {
    assert.ok(error instanceof ReadingsConflict);
    assert.equal(error.receipt.conflicts, 1);
    assert.deepEqual(error.conflicts[0]?.columns, ["soc"]);
    return true;
  });
  assert.equal((await sites.push(1, changed, { dry_run: true })).conflicts, 1);
  assert.equal((await sites.push(1, changed, { on_conflict: "replace" })).replaced, 1);
});

test("every operation of the contract can be called", async () => {
  const { api } = sites;
  const one = { params: { path: { site_id: 1 } } };
  const range = { from: "2023-01-01T00:00:00Z", to: "2023-01-02T00:00:00Z" };
  const ranged = { params: { path: { site_id: 1 }, query: range } };
  const revisions = await api.GET("/v1/sites/{site_id}/configuration/revisions", one);
  assert.equal(revisions.data?.revisions.length, 1);
  await api.GET("/v1/sites/{site_id}/configuration/revisions/{revision}", {
    params: { path: { site_id: 1, revision: 1 } },
  });
  const etag = (await api.GET("/v1/sites/{site_id}", one)).response.headers.get("ETag") ?? "";
  const patched = await api.PATCH("/v1/sites/{site_id}", {
    params: { path: { site_id: 1 }, header: { "If-Match": etag } },
    body: { name: "Willow Woods" },
  });
  assert.equal(patched.data?.name, "Willow Woods");
  const hours = await api.GET("/v1/sites/{site_id}/live/aggregate", {
    params: { path: { site_id: 1 }, query: { ...range, every: "1h" } },
  });
  assert.equal(hours.data?.buckets[0]?.rows, 4);
  const gaps = await api.GET("/v1/sites/{site_id}/live/gaps", ranged);
  assert.equal(gaps.data?.gaps.length, 1);
  const deleted = await api.DELETE("/v1/sites/{site_id}/live", ranged);
  assert.equal(deleted.data?.deleted, 4);
  assert.equal((await api.DELETE("/v1/sites/{site_id}", one)).response.status, 204);
  await callThoseOfKeys();
  await api.GET("/livez");
  await api.GET("/readyz");
  assert.match((await api.GET("/version")).data?.version ?? "", /^\d/);
  await api.GET("/metrics", { parseAs: "text" });
  await api.GET("/openapi.yaml", { parseAs: "text" });
  await api.GET("/schemas/{name}", { params: { path: { name: "Site" } } });
  await api.GET("/problems/{type}", {
    params: { path: { type: "unknown-site" } },
    parseAs: "text",
  });
  const { data } = await api.GET("/openapi.json");
  assert.deepEqual(missing(data as unknown as Document), []);
});

type Document = {
  paths: Record<string, { servers?: { url: string }[] } & Record<string, unknown>>;
};

function missing({ paths }: Document): string[] {
  return Object.entries(paths).flatMap(([path, { servers, ...item }]) => {
    const full = `${servers?.[0]?.url.replace(/\/$/, "") ?? "/v1"}${path}`;
    const methods = Object.keys(item).filter((name) => /^(get|post|patch|put|delete)$/.test(name));
    return methods
      .map((method) => `${method.toUpperCase()} ${full}`)
      .filter((one) => !called.has(one));
  });
}

// What the service does when it is not well, by a server of the test's own.

interface Said {
  status: number;
  headers?: Record<string, string>;
  body?: string;
  /** What becomes of the connection in the middle of the body. */
  then?: "breaks" | "stalls";
}
let answers: Said[] = [];
const seen: string[] = [];
const server = createServer((request, response) => {
  request.resume().on("end", () => {
    seen.push(`${request.method} ${request.headers.authorization ?? ""}`.trim());
    const { status, headers, body, then } = answers.shift() ?? ({ status: 204 } as Said);
    if (status === 0) request.socket.destroy();
    else if (then === undefined) response.writeHead(status, headers).end(body);
    else {
      response.writeHead(status, { ...headers, "Content-Length": 1_000 }).write(body);
      if (then === "breaks") setTimeout(() => request.socket.destroy(), 20);
    }
  });
});
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
after(() => {
  server.close();
  server.closeAllConnections();
});
const away = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const DONE = { status: 200, body: '{"stored": 1}', headers: { "Content-Type": "application/json" } };

async function met(
  given: typeof answers,
  call: (client: typeof sites) => Promise<unknown>,
  options: { patience?: number; timeout?: number } = {},
): Promise<[unknown, number]> {
  answers = [...given];
  seen.length = 0;
  const client = createSitewattClient({ url: away, key: "hush", patience: 5_000, ...options });
  const outcome = await call(client).catch((error: unknown) => error);
  return [outcome, seen.length];
}

test("what counts once is sent again, and what does not is not", async () => {
  const gone = [{ status: 0 }, { status: 503 }, DONE];
  assert.deepEqual(await met(gone, (c) => c.push(1, READING)), [{ stored: 1 }, 3]);
  assert.equal(seen[0], "POST Bearer hush");
  const once = await met(gone, (c) => c.push(1, READING, { on_conflict: "replace" }));
  assert.ok(once[0] instanceof Unreachable);
  assert.equal(once[1], 1);
  const nameless = await met(gone, (c) => c.createSite({ name: "A", location: "b" }));
  assert.equal(nameless[1], 1);
  const named = await met(gone, (c) => c.createSite({ id: 1, name: "A", location: "b" }));
  assert.equal(named[1], 3);
  const busy = [{ status: 429 }, DONE];
  assert.equal((await met(busy, (c) => c.push(1, READING, { on_conflict: "replace" })))[1], 2);
});

test("Retry-After is honoured, and not waited for when it is longer than patience", async () => {
  const asked = [{ status: 503, headers: { "Retry-After": "1" } }, DONE];
  const began = Date.now();
  assert.equal((await met(asked, (c) => c.push(1, READING)))[1], 2);
  assert.ok(Date.now() - began >= 1_000);
  const long = [{ status: 503, headers: { "Retry-After": "3600" }, body: "busy" }, DONE];
  const [error, times] = await met(long, (c) => c.push(1, READING));
  assert.ok(error instanceof UnexpectedAnswer && error.status === 503);
  assert.equal(times, 1);
});

test("a body that breaks off or stalls is no answer, and is asked for again", async () => {
  for (const then of ["breaks", "stalls"] as const) {
    const half = { ...DONE, then };
    const push = (c: typeof sites) => c.push(1, READING);
    assert.deepEqual(await met([half, DONE], push, { timeout: 500 }), [{ stored: 1 }, 2]);
    const replace = (c: typeof sites) => c.push(1, READING, { on_conflict: "replace" });
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
  const later = new Promise((resolve) => setTimeout(() => resolve("nothing yet"), 600));
  assert.equal(await Promise.race([more, later]), "nothing yet");
  await reader.cancel();
});

test("a service that is full has done nothing, and is asked again whatever it was", async () => {
  const document = { type: "/problems/overloaded", title: "x", status: 503, detail: "y" };
  const full = { status: 503, body: JSON.stringify(document) };
  const nameless = (c: typeof sites) => c.createSite({ name: "A", location: "b" });
  assert.equal((await met([full, DONE], nameless))[1], 2);
});

test("a page of somebody else is no answer", async () => {
  const portal = { status: 200, headers: { "Content-Type": "text/html" }, body: "<p>Log in</p>" };
  const [error] = await met([portal], (c) => c.push(1, READING));
  assert.ok(error instanceof UnexpectedAnswer, String(error));
});

test("who gives up does not wait for the pause, nor for an answer", async () => {
  const busy = { status: 429, headers: { "Retry-After": "4" } };
  for (const given of [busy, { ...DONE, then: "stalls" } as const]) {
    const stop = new AbortController();
    const call = (c: typeof sites) => c.api.GET("/v1/sites", { signal: stop.signal });
    const met_ = met([given, DONE], call);
    while (seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    setTimeout(() => stop.abort(new Error("enough")), 50);
    const pause = new Promise<never>((_, reject) => setTimeout(reject, 3_000, "waited").unref());
    const [error, times] = await Promise.race([met_, pause]);
    assert.match(String(error), /enough/);
    assert.equal(times, 1);
  }
  const before = (c: typeof sites) =>
    c.api.GET("/v1/sites", { signal: AbortSignal.abort(new Error("never")) });
  assert.deepEqual((await met([DONE], before)).map(String), ["Error: never", "0"]);
});
