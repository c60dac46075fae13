import createClient, { type Client } from "openapi-fetch";
import type { operations, paths } from "./contract.js";
import { promiseDeclared, UnexpectedAnswer } from "./errors.js";
import { type Patience, patient } from "./retries.js";
import type {
  Configuration,
  NewConfiguration,
  NewSite,
  Reading,
  ReadingColumns,
  ReadingSeries,
  Receipt,
  Site,
  SiteLatest,
  SiteReadings,
  SiteReceipt,
} from "./types.js";

export interface Options extends Partial<Patience> {
  /** Where the service is, as `http://127.0.0.1:8080`; on a page, also relative to it. */
  url: string;
  /** The API key, if the service asks for one. */
  key?: string;
  /** What sends, and heeds `signal` and `redirect`; the platform's `fetch` unless given. */
  fetch?: typeof fetch;
}

/** How a push treats what is stored, and whether it stores anything. */
export type PushOptions = NonNullable<operations["push_live"]["parameters"]["query"]>;
/** Which readings of a site. */
export type Range = Omit<
  NonNullable<operations["list_readings"]["parameters"]["query"]>,
  "cursor" | "include"
>;
type SiteFilter = Pick<
  NonNullable<operations["list_sites"]["parameters"]["query"]>,
  "location" | "name"
>;

/**
 * The client of a service. Every call throws a `SitewattProblem` for what is refused, an
 * `UnexpectedAnswer` or an `Unreachable`.
 */
export interface SitewattClient {
  /** Every operation of the contract by its path, typed: `api.GET("/v1/sites", ...)`. */
  readonly api: Client<paths>;
  /** The site, created, or there already with the same content. */
  createSite(site: NewSite): Promise<Site>;
  /** All of the sites, created or there already, or none. */
  createSites(sites: NewSite[]): Promise<Site[]>;
  site(id: number): Promise<Site>;
  /** The sites by rising id, a page after the other as they are asked for. */
  sites(filter?: SiteFilter): AsyncGenerator<Site>;
  /** The configuration in force now, or at a moment. */
  configuration(site: number, at?: string): Promise<Configuration>;
  pushConfiguration(site: number, configuration: NewConfiguration): Promise<Configuration>;
  /** What became of one reading, or of readings by column; throws ReadingsConflict. */
  push(site: number, readings: Reading | ReadingColumns, options?: PushOptions): Promise<Receipt>;
  /** The same for many sites in one request. */
  pushFleet(sites: SiteReadings[], options?: PushOptions): Promise<SiteReceipt[]>;
  latest(site: number): Promise<Reading>;
  /** Each site by rising id, with its latest reading if it has one. */
  latestOfAll(): AsyncGenerator<SiteLatest>;
  /** The readings of a range by column, a page after the other. */
  pages(site: number, range?: Range): AsyncGenerator<ReadingSeries>;
  /** The readings of a range, one after the other. */
  readings(site: number, range?: Omit<Range, "columns">): AsyncGenerator<Reading>;
  /** The readings of a range as CSV, as they come. An error in the middle breaks the stream. */
  csv(site: number, range?: Range): Promise<ReadableStream<Uint8Array>>;
}

/**
 * A client of the service; it keeps no connection that would have to be closed. Throws a TypeError
 * for a `url` that is no http(s) address.
 */
export function createSitewattClient(options: Options): SitewattClient {
  const api = apiOf(options);
  return { api, ...sitesOf(api), ...livesOf(api) };
}

function apiOf({ url, key, fetch: send, timeout = 30_000, patience = 60_000 }: Options) {
  const api = createClient<paths>({
    baseUrl: addressOf(url),
    fetch: patient(send ?? globalThis.fetch.bind(globalThis), { timeout, patience }),
    headers: key === undefined ? {} : { Authorization: `Bearer ${key}` },
    // A list is one parameter, its entries between commas.
    querySerializer: { array: { style: "form", explode: false } },
  });
  api.use({
    async onResponse({ request, response, options, schemaPath }) {
      const operation = `${request.method} ${schemaPath}`;
      await promiseDeclared(operation, response, request.headers.get("Accept"), options.parseAs);
      return undefined;
    },
  });
  return api;
}

/** The address of the service; throws a TypeError for what is no http(s) address. */
function addressOf(url: string): string {
  // On a page of the web an address may be relative to it.
  const { location } = globalThis as { location?: { href: string } };
  const address = URL.canParse(url, location?.href) ? new URL(url, location?.href) : undefined;
  if (address === undefined || !/^https?:$/.test(address.protocol) || address.port === "0") {
    throw new TypeError(`the address of the service is not as http://host:port: ${url}`);
  }
  return url.replace(/\/$/, "");
}

/** The data of an answer; an error has been thrown by now, and one without any is none of ours. */
async function dataOf<T>(answer: Promise<{ data?: T; response: Response }>): Promise<T> {
  const { data, response } = await answer;
  if (data === undefined || data === null) throw new UnexpectedAnswer(response.status, "no body");
  return data;
}

function sitesOf(api: Client<paths>) {
  const one = "/v1/sites/{site_id}";
  const at_ = "/v1/sites/{site_id}/configuration";
  return {
    async createSite(site: NewSite) {
      return (await dataOf(api.POST("/v1/sites", { body: site }))) as Site;
    },
    async createSites(sites: NewSite[]) {
      const created = await dataOf(api.POST("/v1/sites", { body: { sites } }));
      return (created as { sites: Site[] }).sites;
    },
    site: (id: number) => dataOf(api.GET(one, { params: { path: { site_id: id } } })),
    async *sites(filter: SiteFilter = {}) {
      let cursor: string | undefined;
      do {
        const query = { ...filter, limit: 1000, ...(cursor === undefined ? {} : { cursor }) };
        const page = await dataOf(api.GET("/v1/sites", { params: { query } }));
        yield* page.sites;
        cursor = page.next;
      } while (cursor !== undefined);
    },
    configuration(site: number, at?: string) {
      const query = at === undefined ? {} : { at };
      return dataOf(api.GET(at_, { params: { path: { site_id: site }, query } }));
    },
    pushConfiguration: (site: number, configuration: NewConfiguration) =>
      dataOf(api.POST(at_, { params: { path: { site_id: site } }, body: configuration })),
  };
}

function livesOf(api: Client<paths>) {
  const live = "/v1/sites/{site_id}/live";
  const latest = "/v1/sites/{site_id}/live/latest";
  async function* pages(site: number, range: Range = {}): AsyncGenerator<ReadingSeries> {
    let cursor: string | undefined;
    do {
      const query = { limit: 10_000, ...range, ...(cursor === undefined ? {} : { cursor }) };
      const params = { path: { site_id: site }, query };
      const answer = api.GET(live, { params });
      yield (await dataOf(answer)) as ReadingSeries;
      cursor = following((await answer).response.headers.get("Link"));
    } while (cursor !== undefined);
  }
  return {
    push(site: number, readings: Reading | ReadingColumns, options: PushOptions = {}) {
      const params = { path: { site_id: site }, query: options };
      return dataOf(api.POST(live, { params, body: readings }));
    },
    async pushFleet(sites: SiteReadings[], options: PushOptions = {}) {
      const params = { query: options };
      const answer = api.POST("/v1/live", { params, body: { sites } });
      const { sites: receipts } = await dataOf(answer);
      if (receipts.length !== sites.length) {
        const said = `${receipts.length} receipts for ${sites.length} sites`;
        throw new UnexpectedAnswer((await answer).response.status, said);
      }
      return receipts;
    },
    latest: (site: number) => dataOf(api.GET(latest, { params: { path: { site_id: site } } })),
    async *latestOfAll() {
      let cursor: string | undefined;
      do {
        const query = { limit: 1000, ...(cursor === undefined ? {} : { cursor }) };
        const page = await dataOf(api.GET("/v1/live/latest", { params: { query } }));
        yield* page.sites;
        cursor = page.next;
      } while (cursor !== undefined);
    },
    pages,
    async *readings(site: number, range: Omit<Range, "columns"> = {}) {
      for await (const page of pages(site, range)) yield* rowsOf(page as ReadingColumns);
    },
    async csv(site: number, range: Range = {}) {
      const answer = api.GET(live, {
        params: { path: { site_id: site }, query: range },
        headers: { Accept: "text/csv" },
        parseAs: "stream",
      });
      return (await dataOf(answer)) as ReadableStream<Uint8Array>;
    },
  };
}

/** The readings of columns, one after the other. */
export function* rowsOf(columns: ReadingColumns): Generator<Reading> {
  const names = Object.keys(columns) as (keyof ReadingColumns)[];
  for (let row = 0; row < columns["dt-stamp"].length; row += 1) {
    yield Object.fromEntries(names.map((name) => [name, columns[name][row]])) as Reading;
  }
}

/** The cursor of the next page, as `Link: rel="next"` has it. */
function following(link: string | null): string | undefined {
  const next = link?.split(",").find((one) => one.includes('rel="next"'));
  const address = next?.match(/<([^>]*)>/)?.[1];
  if (address === undefined) return undefined;
  return new URL(address, "http://localhost").searchParams.get("cursor") ?? undefined;
}
