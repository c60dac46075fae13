// The client against a real service, whose address is in SITEWATT_URL.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  createSitewattClient,
  isColumns,
  type NewConfiguration,
  type Reading,
  type ReadingColumns,
  ReadingsConflict,
  SitewattProblem,
} from "../src/index.js";
import { READING as TOLD } from "./reading.js";

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
const READING: Reading = { ...TOLD, "dt-stamp": new Date(TOLD["dt-stamp"]).toISOString() };

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
  assert.deepEqual(rows[3], TOLD);
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
