// A server that answers as a test says: as the service when it is not well, or as another.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after } from "node:test";
import {
  createSitewattClient,
  type Options,
  type SitewattClient,
} from "../src/index.js";
import { READING } from "./reading.js";

export const JSON_TYPE = { "Content-Type": "application/json" };
export const RECEIPT = { received: 1, stored: 1, unchanged: 0, replaced: 0, conflicts: 0 };
export const DONE: Said = { status: 200, body: JSON.stringify(RECEIPT), headers: JSON_TYPE };

export interface Said {
  /** 0 for a connection that ends without an answer. */
  status: number;
  headers?: Record<string, string>;
  body?: string;
  /** What becomes of the connection in the middle of the body. */
  then?: "breaks" | "stalls";
}
let answers: Said[] = [];
/** The requests since the last `met` began: method, and what they say who they are. */
export const seen: string[] = [];
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
export const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

/** What a call of a client gives or throws when these are the answers, and after how many tries. */
export async function met(
  given: Said[],
  call: (client: SitewattClient) => Promise<unknown>,
  options: Partial<Options> = {},
): Promise<[unknown, number]> {
  answers = [...given];
  seen.length = 0;
  const client = createSitewattClient({ url, key: "hush", patience: 5_000, ...options });
  const outcome = await call(client).catch((error: unknown) => error);
  return [outcome, seen.length];
}

export const push = (client: SitewattClient) => client.push(1, READING);
export const replace = (client: SitewattClient) =>
  client.push(1, READING, { on_conflict: "replace" });
export const nameless = (client: SitewattClient) =>
  client.createSite({ name: "A", location: "b" });

export function later<T>(pause: number, value: T): Promise<T> {
  return new Promise((resolve) => setTimeout(resolve, pause, value).unref());
}
