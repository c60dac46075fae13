// What answers in the place of the service, as a captive portal does, is not taken for it.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  createSitewattClient,
  type ReadingColumns,
  SitewattProblem,
  type SitewattClient,
  UnexpectedAnswer,
} from "../src/index.js";
import { JSON_TYPE, later, met, nameless, push, type Said, seen, url } from "./answers.js";
import { READING } from "./reading.js";

const HTML = { "Content-Type": "text/html" };
const PAGES: Said[] = [
  { status: 200, headers: HTML, body: "<p>Log in</p>" },
  { status: 302, headers: { Location: "/login" } },
  { status: 301, headers: { Location: "/v1/sites" } },
  { status: 308, headers: { Location: "/v1/sites" }, body: "{}" },
  { status: 200 },
  { status: 200, headers: { "Content-Length": "0" } },
  { status: 204 },
  { status: 304 },
  { status: 200, headers: JSON_TYPE, body: '{"stored": 1' },
  { status: 200, headers: JSON_TYPE, body: "[1]" },
  { status: 200, headers: JSON_TYPE, body: "null" },
  { status: 200, headers: JSON_TYPE, body: "[".repeat(100_000) },
  ...[
    {},
    { sites: {} },
    { sites: [{}] },
    { "dt-stamp": "2023-01-01T00:00:00Z" },
    { "dt-stamp": [1] },
    { received: "1", stored: 1, unchanged: 0, replaced: 0, conflicts: 0 },
    { received: 1, stored: 1 },
  ].map((odd) => ({ status: 200, headers: JSON_TYPE, body: JSON.stringify(odd) })),
];
const CALLS: ((client: SitewattClient) => Promise<unknown>)[] = [
  push,
  nameless,
  (c) => c.createSites([]),
  (c) => c.pushFleet([]),
  (c) => c.site(1),
  (c) => c.sites().next(),
  (c) => c.pages(1).next(),
  (c) => c.latestOfAll().next(),
  (c) => c.csv(1),
];
const SITES: Said = { status: 200, headers: JSON_TYPE, body: '{"sites": []}' };

test("what the contract does not declare is an unexpected answer", async () => {
  for (const page of PAGES) {
    for (const call of CALLS) {
      const [error, times] = await met([page, SITES], call);
      assert.ok(error instanceof UnexpectedAnswer, `${JSON.stringify(page)}: ${String(error)}`);
      assert.deepEqual([error.status, times], [page.status, 1]);
    }
  }
});

test("a redirect says where it leads, and is not followed", async () => {
  const moved = { status: 301, headers: { Location: "https://sites.example/v1" } };
  const [error] = await met([moved, SITES], push);
  assert.match(String(error), /status 301: leads to https:\/\/sites\.example\/v1$/);
  assert.deepEqual(seen, ["POST Bearer hush"]);
});

test("what the service answers without a body is taken", async () => {
  const one = { params: { path: { site_id: 1 } } };
  for (const status of [204, 304]) {
    const [answer] = await met([{ status }], (c) => c.api.GET("/v1/sites/{site_id}", one));
    assert.equal((answer as { response: Response }).response.status, status);
  }
  const [answer] = await met([SITES], (c) => c.api.GET("/v1/sites"));
  assert.equal((answer as { response: Response }).response.url, `${url}/v1/sites`);
});

test("rows are those that were asked for, whatever their media type is written like", async () => {
  const live = "/v1/sites/{site_id}/live" as const;
  const ask = (Accept: string) => (c: SitewattClient) =>
    c.api.GET(live, { params: { path: { site_id: 1 } }, headers: { Accept }, parseAs: "text" });
  const table = { status: 200, headers: { "Content-Type": "Text/CSV ; charset=utf-8" }, body: "a" };
  for (const Accept of ["text/csv", "text/csv; header=present", "text/csv, application/json"]) {
    const [answer] = await met([table], ask(Accept));
    assert.equal((answer as { data: unknown }).data, "a", Accept);
  }
  for (const body of ["a\n", ""]) {
    const [error] = await met([{ ...table, body }], ask("application/x-ndjson"));
    assert.ok(error instanceof UnexpectedAnswer, String(error));
  }
});

test("rows that were not asked for are not waited for", async () => {
  const head = { "Content-Type": "application/x-ndjson" };
  const rows: Said = { status: 200, headers: head, body: "{}\n", then: "stalls" };
  for (const call of [push, (c: SitewattClient) => c.csv(1)]) {
    const answer = met([rows], call, { timeout: 300, patience: 0 });
    const [error] = await Promise.race([answer, later(3_000, ["waited"])]);
    assert.ok(error instanceof UnexpectedAnswer, String(error));
  }
});

const FAULT = { in: "body", keyword: "type", detail: "bad" };
const PROBLEM = { type: "/problems/invalid-body", title: "Bad", detail: "bad", errors: [FAULT] };
const ODD: object[] = [
  ...["all", ["soc"], [{ pointer: "/soc" }], [{ ...FAULT, pointer: 1 }], { soc: ["bad"] }].map(
    (errors) => ({ errors }),
  ),
  { conflicts: [{ columns: ["soc"] }] },
  { conflicts: [{ "dt-stamp": "2023-01-01T00:00:00Z", columns: 3 }] },
  ...[3, null, {}, { received: 1, stored: 1 }].map((receipt) => ({ receipt })),
  { type: 7 },
  { title: undefined },
  { detail: ["bad"] },
];

test("a problem that is not as the contract says is an unexpected answer", async () => {
  const refused = (odd: object) => ({ status: 422, body: JSON.stringify({ ...PROBLEM, ...odd }) });
  for (const odd of ODD) {
    const [error] = await met([refused(odd)], push);
    assert.ok(error instanceof UnexpectedAnswer, `${JSON.stringify(odd)}: ${String(error)}`);
    assert.match(error.message, /^status 422: /);
  }
  const [error] = await met([refused({})], push);
  assert.ok(error instanceof SitewattProblem);
  assert.deepEqual([error.status, error.kind, error.faults], [422, "invalid-body", [FAULT]]);
});

test("what is not one receipt for each site acknowledges nothing", async () => {
  const columns = Object.entries(READING).map(([name, value]) => [name, [value]]);
  const fleet = [{ id: 1, ...(Object.fromEntries(columns) as ReadingColumns) }];
  for (const sites of [[], [{ id: 1, receipt: {} }], [{ id: 1 }]]) {
    const [error] = await met([{ ...SITES, body: JSON.stringify({ sites }) }], (c) =>
      c.pushFleet(fleet),
    );
    assert.ok(error instanceof UnexpectedAnswer, String(error));
  }
});

test("what a newer service says besides is left alone", async () => {
  const more = { ...SITES, body: '{"sites": [], "total": 0}' };
  const [answer] = await met([more], (c) => c.api.GET("/v1/sites"));
  assert.deepEqual((answer as { data: unknown }).data, { sites: [], total: 0 });
});

test("what is no address of the web is told at once", () => {
  const odd = ["", "nonsense", "localhost:8080", "ftp://x", "http://", "http://x:99999", "http://x:0"];
  for (const url of odd) {
    assert.throws(() => createSitewattClient({ url }), {
      name: "TypeError",
      message: `the address of the service is not as http://host:port: ${url}`,
    });
  }
  for (const url of ["http://[::1]:8080/", "https://example.org/sites/"]) {
    createSitewattClient({ url });
  }
});

test("on a page an address may be relative to it", () => {
  Object.assign(globalThis, { location: { href: "https://example.org/page" } });
  try {
    for (const url of ["", "/sitewatt"]) createSitewattClient({ url });
    assert.throws(() => createSitewattClient({ url: "ftp://x" }), TypeError);
  } finally {
    Reflect.deleteProperty(globalThis, "location");
  }
});
